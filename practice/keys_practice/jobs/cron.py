"""The scheduler: enqueues a digest in every slot. What it misses it does not run later by itself."""

import contextlib
import time
from datetime import datetime
from pathlib import Path

import psycopg

from keys_practice.database import Pool
from keys_practice.jobs import slots
from keys_practice.jobs.places import Places
from keys_practice.layout import Layout, read_env

LOOK_SECONDS = 0.2


def main(folder: Path, arguments: list[str]) -> int:  # noqa: ARG001 - every part is started alike
    """Run every slot, from the next one on, until ended."""
    database = Pool(read_env(Places(Layout(folder)).worker_settings)["DATABASE_URL"])
    done: datetime | None = None
    while True:
        slot = slots.current()
        with contextlib.suppress(psycopg.Error):
            if slot != done:
                with database.transaction() as connection:
                    slots.run(connection, slot, "cron")
                done = slot
        time.sleep(LOOK_SECONDS)
