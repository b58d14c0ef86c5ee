"""A breach of personal data: since when somebody knows of it, and the record that GDPR Art. 33(5) asks for."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from runbook_keys.engine import inputs as i
from runbook_keys.engine.asides import notify_by
from runbook_keys.engine.evolve import fold
from runbook_keys.evidence.postmortem.parts import missing_breach
from runbook_keys.model.actor import Actor
from runbook_keys.model.breach import BreachDetail
from runbook_keys.operations.recorded import find_run
from runbook_keys.operations.recording import add_to_run, digest_if_said
from runbook_keys.operations.services import Services
from runbook_keys.operations.stories import story_of


class BreachStanding(Struct, frozen=True):
    """How a breach stands: `notify_by` is 72 hours after `aware_at`; `missing` are parts of the record not given yet."""

    run: str
    now: datetime
    aware_at: datetime | None
    notify_by: datetime | None
    given: tuple[BreachDetail, ...]
    missing: tuple[BreachDetail, ...]


async def become_aware(
    services: Services, actor: Actor, run: str, at: datetime | None, said: str = ""
) -> str:
    """Somebody knows of a breach since `at` (None: now); the run's name. Raises what `add_to_run` raises."""
    name, _ = await add_to_run(
        services, run, actor, said, lambda _session, blob: i.BecomeAware(at, digest_if_said(blob))
    )
    return name


async def detail(
    services: Services,
    actor: Actor,
    run: str,
    part: BreachDetail,
    said: str,
    happened_at: datetime | None = None,
) -> str:
    """Add one part of the record; the run's name. Raises what `add_to_run` raises."""
    name, _ = await add_to_run(
        services,
        run,
        actor,
        said,
        lambda _session, blob: i.DetailBreach(part, digest_if_said(blob), happened_at),
    )
    return name


async def standing(services: Services, run: str) -> BreachStanding:
    """How the breach of `run` stands. Raises RunNotFound, JournalDamaged."""
    story = await story_of(services, await find_run(services, run))
    state = fold(story.entries)
    return BreachStanding(
        run=story.summary.run,
        now=services.clock.now(),
        aware_at=state.aware_at,
        notify_by=notify_by(state),
        given=tuple(part for part in BreachDetail if part in state.breach),
        missing=tuple(missing_breach(story)) if state.aware_at else (),
    )
