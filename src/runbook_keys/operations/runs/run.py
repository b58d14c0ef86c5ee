"""Start a run, take one up again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from runbook_keys.driver.attempt import Attempts
from runbook_keys.driver.driver import Driver
from runbook_keys.driver.session import Session, Values
from runbook_keys.driver.views import view_of
from runbook_keys.engine import inputs as i
from runbook_keys.engine.effects import Done
from runbook_keys.errors import InvalidPack, MissingInput, RefusedInput, UnknownRunbook
from runbook_keys.journal.lines import instant
from runbook_keys.model.event import RunKind
from runbook_keys.model.pack import Pack
from runbook_keys.model.runbook import Ending
from runbook_keys.model.view import View
from runbook_keys.operations.findings import refuse_unsound
from runbook_keys.operations.packs import METADATA, README, OpenPack, read_pack
from runbook_keys.operations.pins import called_keys, pin
from runbook_keys.operations.record.checkpoints import sign_rest
from runbook_keys.operations.recorded import find_run, reopen
from runbook_keys.operations.runs.discreet import DiscreetOperator
from runbook_keys.operations.runs.leftover import REFUSING, Patience, meet
from runbook_keys.operations.services import Services
from runbook_keys.operations.summaries import lessons
from runbook_keys.operations.values import fitting, gather
from runbook_keys.ports import Claim, Operator

MOST_HAND_OFFS = 5
TOO_MANY_HAND_OFFS = "This incident was handed over five times in one sitting. Call for help before going on."


class RunRequest(Struct, frozen=True):
    """What starts a run. `incident` is empty where the run opens an incident of its own.

    `accept_findings` is the reason for running a pack that `keys check` refuses. `came_from` names the run that handed
    over, and `message` is said on the first screen. `alerted_at` is when the alert fired, if anybody knows. `follows_hand_offs`: what it is handed over to is started too.
    """

    slug: str
    values: dict[str, str] = field(default_factory=dict)
    is_auto_safe: bool = False
    incident: str = ""
    accept_findings: str = ""
    kind: RunKind = RunKind.INCIDENT
    came_from: str = ""
    message: str = ""
    follows_hand_offs: bool = True
    alerted_at: datetime | None = None


class RunReport(Struct, frozen=True):
    """How it stands when the driver returns: `ending` is None where the operator left. `view` is the last screen.

    `not_started` says why the runbook that it was handed over to did not start; `before` are the runs that handed over
    in this sitting, the first one first.
    """

    run: str
    slug: str
    ending: Ending | None
    view: View
    handover: tuple[str, ...]
    entries: int
    not_started: str = ""
    before: tuple[RunReport, ...] = ()


async def start(services: Services, operator: Operator, request: RunRequest) -> RunReport:
    """Open a run of `request.slug` and drive it; where it is handed over, go on with the next runbook.

    Raises RunNotFound (an incident that nobody opened), UnknownRunbook, InvalidPack, MissingInput, RefusedInput before anything is written; then RunTaken,
    JournalUnavailable, Interrupted.
    """
    if request.incident:
        await find_run(services, request.incident)
    if request.alerted_at is not None and request.alerted_at > services.clock.now():
        raise RefusedInput(
            f"The alert can't fire at {instant(request.alerted_at)}: that has not come yet. Times are UTC."
        )
    session = await _start_one(services, operator, request)
    return await _handed_over(services, operator, session, request)


async def _start_one(services: Services, operator: Operator, request: RunRequest) -> Session:
    opened = read_pack(services.library.load(request.slug), services.cache)
    refuse_unsound(services, opened, request.accept_findings)
    settings = services.config.inputs_for(opened.metadata.slug)
    values = gather(opened.metadata.inputs, request.values, settings, services.environment, services.secrets)
    run = services.ids.run(services.clock.now())
    session = Session(
        run, opened.runbook, values, services.store, services.clock, services.ids, services.config.contacts
    )
    claim = services.store.claim(run)
    try:
        await _open(services, session, opened, values, operator, request)
        said = " ".join(filter(None, [request.message, await lessons(services, opened.metadata.slug)]))
        await _drive(services, session, operator, claim, replace(request, message=said))
    finally:
        claim.release()
    return session


async def _handed_over(
    services: Services, operator: Operator, session: Session, request: RunRequest
) -> RunReport:
    """The report of the last run, after every hand-over that could be followed."""
    before: list[RunReport] = []
    while session.state.ending is Ending.HANDED_OFF and request.follows_hand_offs:
        if len(before) == MOST_HAND_OFFS:
            return await _report(session, before, TOO_MANY_HAND_OFFS)
        try:
            request = await next_request(services, session, request)
            following = await _start_one(services, operator, request)
        except (UnknownRunbook, InvalidPack, MissingInput, RefusedInput) as refused:
            return await _report(session, before, str(refused))
        before.append(await _report(session))
        session = following
    return await _report(session, before)


async def next_request(services: Services, session: Session, request: RunRequest) -> RunRequest:
    """The run that follows a hand-over: the same incident, and what is known carried along."""
    opened = read_pack(services.library.load(session.state.hand_off), services.cache)
    known = fitting(opened.metadata.inputs, {**session.values.plain, **await session.captures()})
    carried = f" Carried along: {', '.join(known)}." if known else ""
    return RunRequest(
        slug=opened.metadata.slug,
        values=known,
        is_auto_safe=request.is_auto_safe,
        incident=incident_of(session),
        kind=request.kind,
        came_from=session.run,
        message=f"Handed over from {session.runbook.title} (run {session.run}).{carried}",
    )


def incident_of(session: Session) -> str:
    """The incident that a run belongs to: the name of its first run."""
    return session.state.opened.incident if session.state.opened else session.run


async def _open(
    services: Services,
    session: Session,
    opened: OpenPack,
    values: Values,
    operator: Operator,
    request: RunRequest,
) -> None:
    called = called_keys(services, opened, values.by_name, request.accept_findings)
    keys = [pin(key, session.seal) for key in called]
    text = session.seal(_pinned_text(opened.pack))
    shown = session.seal(msgspec.json.encode(values.plain))
    await session.tell(
        i.Open(
            slug=opened.metadata.slug,
            version=opened.metadata.version,
            pack_digest=opened.digest,
            pack_blob=text.digest,
            inputs_blob=shown.digest,
            value_digests=dict(values.digests),
            incident=request.incident or session.run,
            kind=request.kind,
            time_scale=services.clock.scale,
            accepted_findings=request.accept_findings,
            came_from=request.came_from,
            opened_by=operator.actor.name,
            approvers=services.config.approvals.irreversible,
            needs_second_person=services.config.approvals.second_person and request.kind is RunKind.INCIDENT,
            keys=tuple(pinned for pinned, _ in keys),
            alerted_at=instant(request.alerted_at) if request.alerted_at else "",
        ),
        operator.actor,
        (text, shown, *(blob for _, blob in keys)),
    )


def _pinned_text(pack: Pack) -> bytes:
    return msgspec.json.encode({name: pack.files[name] for name in (README, METADATA)})


async def resume(
    services: Services,
    operator: Operator,
    run: str = "",
    is_auto_safe: bool = False,
    patience: Patience = REFUSING,
) -> RunReport:
    """Take up a run again: the one named, else the latest that has not ended. It goes on with the text it pinned.

    Raises RunNotFound, RunTaken while another process drives it or a command of it still runs (and `patience` neither
    waits nor has it ended), and what `start` raises.
    """
    head = await find_run(services, run)
    claim = services.store.claim(head.run)
    try:
        session, changed = await reopen(services, head)
        await meet(session, claim, operator.actor, patience)
        if session.state.ending is None:
            await session.tell(i.Resume(changed), operator.actor)
        request = _as_requested(session, is_auto_safe)
        await _drive(services, session, operator, claim, request)
    finally:
        claim.release()
    return await _handed_over(services, operator, session, request)


def _as_requested(session: Session, is_auto_safe: bool) -> RunRequest:
    opened = session.state.opened
    kind = opened.kind if opened else RunKind.INCIDENT
    return RunRequest(opened.slug if opened else "", is_auto_safe=is_auto_safe, kind=kind)


async def _drive(
    services: Services, session: Session, operator: Operator, claim: Claim, request: RunRequest
) -> None:
    discreet = DiscreetOperator(operator, session.values.secrets)
    attempts = Attempts(session, services.executors(discreet), discreet, claim)
    driver = Driver(session, attempts, discreet, services.clock, request.is_auto_safe, request.message)
    try:
        await driver.drive()
    finally:
        if session.state.ending is None:
            await sign_rest(services, "operator left")


async def _report(session: Session, before: Sequence[RunReport] = (), not_started: str = "") -> RunReport:
    ending = session.state.ending
    view = await view_of(session, Done(ending or Ending.ABANDONED))
    return RunReport(
        run=session.run,
        slug=view.slug,
        ending=ending,
        view=view,
        handover=view.handover,
        entries=len(session.entries),
        not_started=not_started,
        before=tuple(before),
    )
