"""Start a run, take one up again."""

from __future__ import annotations

import msgspec
from msgspec import Struct, field

from runbook_keys.driver.attempt import Attempts
from runbook_keys.driver.driver import Driver
from runbook_keys.driver.handover import handover
from runbook_keys.driver.session import Session, Values
from runbook_keys.driver.views import view_of
from runbook_keys.engine import inputs as i
from runbook_keys.engine.effects import Done
from runbook_keys.errors import RunNotFound
from runbook_keys.journal.lines import read
from runbook_keys.model.entry import RunHead
from runbook_keys.model.event import RunEnded, RunKind, RunOpened
from runbook_keys.model.pack import Pack
from runbook_keys.model.runbook import Ending
from runbook_keys.model.view import View
from runbook_keys.operations.findings import refuse_unsound
from runbook_keys.operations.leftover import REFUSING, Patience, meet
from runbook_keys.operations.packs import METADATA, README, OpenPack, read_pack
from runbook_keys.operations.services import Services
from runbook_keys.operations.values import gather
from runbook_keys.ports import Claim, Operator


class RunRequest(Struct, frozen=True):
    """What starts a run. `incident` is empty where the run opens an incident of its own.

    `accept_findings` is the reason for running a pack that `keys check` refuses.
    """

    slug: str
    values: dict[str, str] = field(default_factory=dict)
    is_auto_safe: bool = False
    incident: str = ""
    accept_findings: str = ""
    kind: RunKind = RunKind.INCIDENT


class RunReport(Struct, frozen=True):
    """How it stands when the driver returns: `ending` is None where the operator left. `view` is the last screen."""

    run: str
    slug: str
    ending: Ending | None
    view: View
    handover: tuple[str, ...]
    entries: int


async def start(services: Services, operator: Operator, request: RunRequest) -> RunReport:
    """Open a run of `request.slug` and drive it.

    Raises UnknownRunbook, InvalidPack, MissingInput, RefusedInput before anything is written; then RunTaken,
    JournalUnavailable, Interrupted.
    """
    opened = read_pack(services.library.load(request.slug), services.cache)
    refuse_unsound(services, opened, request.accept_findings)
    values = gather(
        opened.metadata.inputs, request.values, services.settings, services.environment, services.secrets
    )
    run = services.ids.run(services.clock.now())
    session = Session(run, opened.runbook, values, services.store, services.clock, services.ids)
    claim = services.store.claim(run)
    try:
        await _open(services, session, opened, values, operator, request)
        return await _drive(services, session, operator, claim, request.is_auto_safe)
    finally:
        claim.release()


async def _open(
    services: Services,
    session: Session,
    opened: OpenPack,
    values: Values,
    operator: Operator,
    request: RunRequest,
) -> None:
    text = session.seal(_pinned_text(opened.pack))
    shown = session.seal(_plain_values(values))
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
        ),
        operator.actor,
        (text, shown),
    )


def _pinned_text(pack: Pack) -> bytes:
    return msgspec.json.encode({name: pack.files[name] for name in (README, METADATA)})


def _plain_values(values: Values) -> bytes:
    return msgspec.json.encode({n: v for n, v in values.by_name.items() if n not in values.secret})


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
        return await _drive(services, session, operator, claim, is_auto_safe)
    finally:
        claim.release()


async def find_run(services: Services, run: str) -> RunHead:
    """The run's head; without a name the latest run that has not ended. Raises RunNotFound."""
    heads = await services.store.runs()
    if run:
        head = next((known for known in heads if known.run == run), None)
        if head is None:
            raise RunNotFound(f"The journal has no run {run}. `keys runs` lists them.")
        return head
    for head in reversed(heads):
        latest = read((await services.store.entries(head.run))[-1])
        if not isinstance(latest.event, RunEnded):
            return head
    raise RunNotFound("No run is waiting to be resumed. `keys runs` lists all of them.")


async def reopen(
    services: Services, head: RunHead, needs_values: bool = True
) -> tuple[Session, tuple[str, ...]]:
    """The session of a recorded run on its pinned text, and the names of inputs whose values have changed since."""
    entries = [read(stored) for stored in await services.store.entries(head.run)]
    opened_event = entries[0].event
    if not isinstance(opened_event, RunOpened):
        raise RunNotFound(
            f"Run {head.run} does not begin with its opening. `keys verify {head.run}` says what is wrong."
        )
    opened = read_pack(await pinned_pack(services, head.run, opened_event), services.cache)
    values = (
        await _values_again(services, opened, opened_event) if needs_values else Values({}, frozenset(), {})
    )
    session = Session(head.run, opened.runbook, values, services.store, services.clock, services.ids)
    session.replay(entries, head)
    before = opened_event.value_digests
    changed = tuple(sorted(name for name, digest in values.digests.items() if before.get(name) != digest))
    return session, changed


async def pinned_pack(services: Services, run: str, opened: RunOpened) -> Pack:
    """The text that a run was opened with, out of the journal. Raises RunNotFound where it was erased."""
    content = await services.store.blob(opened.pack_blob)
    if content is None:
        raise RunNotFound(f"The runbook text of run {run} was erased, so it can't go on.")
    files = msgspec.json.decode(content, type=dict[str, bytes])
    return Pack(files, f"{opened.slug} {opened.version} as pinned by {run}")


async def _values_again(services: Services, opened: OpenPack, event: RunOpened) -> Values:
    content = await services.store.blob(event.inputs_blob)
    before = msgspec.json.decode(content, type=dict[str, str]) if content else {}
    return gather(opened.metadata.inputs, before, services.settings, services.environment, services.secrets)


async def _drive(
    services: Services, session: Session, operator: Operator, claim: Claim, is_auto_safe: bool
) -> RunReport:
    attempts = Attempts(session, services.executors(operator), operator, claim)
    ending = await Driver(session, attempts, operator, services.clock, is_auto_safe).drive()
    return await report(session, ending)


async def report(session: Session, ending: Ending | None) -> RunReport:
    """How the session stands now."""
    view = await view_of(session, Done(ending or Ending.ABANDONED))
    return RunReport(
        run=session.run,
        slug=view.slug,
        ending=ending,
        view=view,
        handover=handover(session.runbook, session.state, session.entries),
        entries=len(session.entries),
    )
