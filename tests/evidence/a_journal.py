"""A real journal with real packs in a folder, and runs in it that somebody followed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from runbook_keys.bootstrap import services
from runbook_keys.config import Config
from runbook_keys.driver.session import Session, Values
from runbook_keys.engine import inputs as i
from runbook_keys.model.actor import Actor, ActorKind
from runbook_keys.model.event import RunKind
from runbook_keys.operations.library.new import make_new
from runbook_keys.operations.packs import read_pack
from runbook_keys.operations.services import Services
from runbook_keys.testing.clock import FakeClock

T = TypeVar("T")
SLUG = "queue-stands-still"
ANNA, BELA = Actor(ActorKind.OPERATOR, "anna"), Actor(ActorKind.OPERATOR, "bela")
BEGIN = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)


class Journal:
    """A journal in `home`, whose clock and settings a test sets."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.clock = FakeClock(BEGIN)
        self.config = Config()

    def pass_(self, **lasting: float) -> None:
        """Let time pass."""
        self.clock.advance(timedelta(**lasting))

    def do(self, work: Callable[[Services], Awaitable[T]]) -> T:
        """Do `work` with the services of one process."""

        async def body() -> T:
            async with services(
                {"PATH": "/usr/bin:/bin"}, self.clock, home=self.home, config=self.config
            ) as opened:
                return await work(opened)

        return asyncio.run(body())

    def install(self, *replaced: tuple[str, str]) -> None:
        """Install the starter runbook as SLUG, with these texts of its README.md replaced."""

        async def make(opened: Services) -> dict[str, bytes]:
            return make_new(opened, "runbook", SLUG).files

        folder = self.home / "runbooks" / SLUG
        for name, content in self.do(make).items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            text = content
            for old, new in replaced if name == "README.md" else ():
                assert old.encode() in text
                text = text.replace(old.encode(), new.encode())
            path.write_bytes(text)

    def run(self, *given: i.Input | timedelta, kind: RunKind = RunKind.INCIDENT, **opened: Any) -> str:
        """A run by anna that was told this; a timedelta lets time pass. Its name."""

        async def body(at: Services) -> str:
            pack = read_pack(at.library.load(SLUG), at.cache)
            name = at.ids.run(at.clock.now())
            session = Session(name, pack.runbook, Values({}, frozenset(), {}), at.store, at.clock, at.ids)
            text = session.seal(
                msgspec.json.encode({file: pack.pack.files[file] for file in ("README.md", "pack.json")})
            )
            values = session.seal(b"{}")
            usual = {"incident": name, "opened_by": ANNA.name, "kind": kind}
            await session.tell(
                i.Open(
                    SLUG,
                    pack.metadata.version,
                    pack.digest,
                    text.digest,
                    values.digest,
                    {},
                    **{**usual, **opened},
                ),
                ANNA,
                (text, values),
            )
            await self._tell(session, given)
            return name

        return self.do(body)

    async def _tell(self, session: Session, given: Sequence[i.Input | timedelta]) -> None:
        for each in given:
            if isinstance(each, timedelta):
                self.clock.advance(each)
            else:
                await session.tell(each, ANNA)
        while session.state.closing is not None and session.state.ending is None:
            await session.tell(i.Record(), ANNA)


ESCALATED = (timedelta(minutes=5), i.Escalate("nobody here can tell"))
"""Five minutes at the first step, then a call for help."""
