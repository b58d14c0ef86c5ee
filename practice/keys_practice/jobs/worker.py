"""A worker: takes one job at a time, renders its text, and has the mail sender send it.

Its heart beats in a thread of its own and keeps the lease of the job. A job that needs more memory than the worker
may have ends the whole process, as the kernel does it.
"""

import json
import os
import resource
import signal
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

from keys_practice import http_client
from keys_practice.errors import Unreachable
from keys_practice.jobs import addresses
from keys_practice.jobs.places import Places
from keys_practice.jobs.queue import Failure, Job, Queue
from keys_practice.layout import Layout, read_env

IDLE_SECONDS = 0.15
BEAT_SECONDS = 0.4
RECEIPT_SECONDS = 0.25
PICTURE_SECONDS = 0.1
MEMORY_BYTES = 4 << 30


class Worker:
    """One worker process. Runs until it is ended."""

    def __init__(self, places: Places, name: str) -> None:
        self._places, self._name = places, name
        self._job: Job | None = None
        self._lease_seconds = 2.0
        self._settings()["DATABASE_URL"]  # without it there is no use in starting
        self._log = places.attempts_log.open("a", encoding="utf-8", buffering=1)

    def run(self) -> None:
        """Work, and begin again after every loss of the database."""
        threading.Thread(target=self._beat_for_ever, daemon=True).start()
        while True:
            try:
                self._work_with(Queue(self._settings()["DATABASE_URL"], self._name, os.getpid()))
            except psycopg.Error as problem:
                print(f"{self._name}: {problem}", file=sys.stderr, flush=True)
                self._job = None
                time.sleep(IDLE_SECONDS * 3)

    def _work_with(self, queue: Queue) -> None:
        try:
            queue.enrol()
            while True:
                queue.progress(None)
                if not self._do_one(queue):
                    time.sleep(IDLE_SECONDS)
        finally:
            queue.close()

    def _do_one(self, queue: Queue) -> bool:
        settings = queue.settings()
        most = int(settings["max_attempts"])
        for lost in queue.lose(most):
            self._tell(lost, "lost", "lost", "nobody reported back in time", 0.0)
        if settings["paused"] == "true":
            return False
        self._lease_seconds = float(settings["lease_seconds"])
        limits = {
            name.removeprefix("limit:"): int(value)
            for name, value in settings.items()
            if name.startswith("limit:")
        }
        job = queue.claim(self._lease_seconds, limits)
        if job is None:
            return False
        self._job = job
        began, failure = time.monotonic(), self._attempt(queue, job)
        self._job = None
        outcome = queue.end(job, failure, most)
        told = {"job": job.id, "kind": job.kind, "customer": job.customer, "attempt": job.number}
        error_class, error = failure or (None, None)
        self._tell({**told, "worker": self._name}, outcome, error_class, error, time.monotonic() - began)
        return True

    def _attempt(self, queue: Queue, job: Job) -> Failure | None:
        queue.progress(job.id)
        try:
            return self._send(job, self._rendered(queue, job))
        except MemoryError:
            # What the kernel's out-of-memory killer would do a moment later.
            print(f"{self._name}: out of memory in {job.id}", file=sys.stderr, flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
            raise
        except psycopg.Error:
            raise
        except Exception as problem:  # noqa: BLE001 - whatever a job's code does wrong is a crash of the job
            return Failure("crash", f"{type(problem).__name__}: {problem}")

    def _rendered(self, queue: Queue, job: Job) -> str:
        """The text of the message. Takes as long as such work takes."""
        template = (self._places.templates / f"{job.kind}.txt").read_text("utf-8")
        picture = job.payload.get("picture", {"width": 0, "height": 0})
        canvas = bytearray(picture["width"] * picture["height"] * 4)
        if job.kind == "digest":
            for _ in range(int(self._settings()["DIGEST_PICTURES"])):
                time.sleep(PICTURE_SECONDS)
                queue.progress(job.id)
        else:
            time.sleep(RECEIPT_SECONDS)
        return template.format_map(job.payload) + "\n" * bool(canvas)

    def _send(self, job: Job, text: str) -> Failure | None:
        if job.kind == "receipt" and (problem := addresses.problem(self._places.layout, job.id)):
            return Failure("dependency", problem)
        settings = self._settings()
        message = {
            "reference": job.id,
            "to": job.customer,
            "kind": job.kind,
            "sequence": job.payload["sequence"],
            "text": text,
        }
        key = f"{job.id}-{job.number}" if settings["IDEMPOTENCY_KEY"] == "attempt" else job.id
        try:
            answer = http_client.call(
                "POST",
                f"{settings['MAIL_URL']}/messages",
                json.dumps(message).encode(),
                {"Idempotency-Key": key},
                seconds=float(settings["SEND_TIMEOUT_SECONDS"]),
            )
        except Unreachable as problem:
            return Failure("dependency", f"mail sender: {problem}")
        if answer.status in (200, 201):
            return None
        return Failure("dependency", f"mail sender answered {answer.status}: {answer.text[:200]}")

    def _settings(self) -> dict[str, str]:
        return read_env(self._places.worker_settings)

    def _tell(
        self, what: dict[str, Any], outcome: str, error_class: str | None, error: str | None, seconds: float
    ) -> None:
        at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        ended = {"outcome": outcome, "error_class": error_class, "error": error, "seconds": round(seconds, 3)}
        self._log.write(json.dumps({"at": at, **what, **ended}) + "\n")

    def _beat_for_ever(self) -> None:
        while True:
            try:
                queue = Queue(self._settings()["DATABASE_URL"], self._name, os.getpid())
                while True:
                    queue.beat(self._job, self._lease_seconds)
                    time.sleep(BEAT_SECONDS)
            except psycopg.Error:
                time.sleep(BEAT_SECONDS)


def main(folder: Path, arguments: list[str]) -> int:
    """Work until ended. Argument: the worker's name."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    Worker(Places(Layout(folder)), arguments[0]).run()
    return 0
