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
from runbook_keys.errors import RunNotFound, RunTaken
from runbook_keys.journal.lines import read
from runbook_keys.model.actor import DRIVER
from runbook_keys.model.entry import Blob, Entry, RunHead
from runbook_keys.model.event import RunKind, RunOpened
from runbook_keys.model.pack import Pack
from runbook_keys.model.runbook import Ending
from runbook_keys.model.view import View
from runbook_keys.operations.checks import refuse_unsound
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
    opened = read_pack(services.library.load(request.slug))
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
    files = {name: pack.files[name].decode("utf-8", "surrogateescape") for name in (README, METADATA)}
    return msgspec.json.encode({name: list(text.encode("utf-8", "surrogateescape")) for name, text in files.items()})


def _plain_values(values: Values) -> bytes:
    return msgspec.json.encode({n: v for n, v in values.by_name.items() if n not in values.secret})
