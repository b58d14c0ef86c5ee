"""The commands about KEYS: call one, list what is installed, show one, make a new one, print a schema."""

from __future__ import annotations

import json
import sys
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from runbook_keys.cli.endings import Exit
from runbook_keys.cli.text import hanging, one_line, safe
from runbook_keys.cli.writing import write_folder, write_told
from runbook_keys.errors import Interrupted, KeysError

if TYPE_CHECKING:
    from runbook_keys.model.key import KeyMode
    from runbook_keys.model.outcome import Outcome
    from runbook_keys.operations.library.keys import Installed, KeyPage, RunbookPage
    from runbook_keys.operations.services import Services

WithServices = Callable[[Callable[["Services"], Awaitable[Any]]], Any]
"""Opens the services, uses them, closes them; hears Ctrl-C as "leave"."""

KINDS = ("jupyter", "node", "python", "runbook")


def add_commands(cli: click.Group, with_services: WithServices) -> None:
    """Add the commands of this page to `cli`."""
    for made in (_call_command, _list_command, _new_command, _schema_command):
        cli.add_command(made(with_services))


def show_installed(with_services: WithServices, name: str, as_json: bool) -> bool:
    """Show the KEY or runbook of this name; False where there is none."""

    async def look(services: Services) -> KeyPage | RunbookPage | None:
        from runbook_keys.operations.library.keys import page_of

        return page_of(services, name)

    page = with_services(look)
    if page is not None:
        click.echo(_as_json(page) if as_json else "\n".join(_page_lines(page)))
    return page is not None


def _call_command(with_services: WithServices) -> click.Command:
    @click.command("call", context_settings={"ignore_unknown_options": True})
    @click.argument("key")
    @click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[--NAME VALUE]...")
    @click.option("--dry-run", is_flag=True, help="Say what it would do. Changes nothing.")
    @click.option("--undo", is_flag=True, help="Take back what an earlier call did.")
    @click.option("--before", type=click.Path(path_type=Path), help="With --undo: the result of that call.")
    @click.option(
        "--out", type=click.Path(path_type=Path), help="The folder for the report and the executed notebook."
    )
    def call(
        key: str, arguments: tuple[str, ...], dry_run: bool, undo: bool, before: Path | None, out: Path | None
    ) -> None:
        """Call one Jupyter, Node or Python KEY. Its result comes as JSON on stdout, all else on stderr.

        Secret arguments come from the environment: the argument signing_secret from SIGNING_SECRET.

        Example: keys call jupyter-webhook-event-analysis --events events.jsonl
        """
        if dry_run and undo:
            raise click.UsageError("Give --dry-run or --undo, not both.")
        try:
            outcome = with_services(lambda services: _called(services, key, arguments, dry_run, undo, before))
        except Interrupted:
            click.echo(
                "keys: You left; the call was ended. What it had changed by then is changed.", err=True
            )
            sys.exit(Exit.INTERRUPTED)
        _tell(outcome, out)
        sys.exit(_ending(outcome))

    return call


async def _called(
    services: Services,
    name: str,
    arguments: Sequence[str],
    dry_run: bool,
    undo: bool,
    before: Path | None,
) -> Outcome:
    from runbook_keys.operations.library.call import CallRequest, call_key

    earlier = _result_in(before) if before else None
    request = CallRequest(name, Path.cwd(), _pairs(arguments), _mode(dry_run, undo), earlier)
    return await call_key(services, request, lambda text: click.echo(safe(text), err=True, nl=False))


def _mode(dry_run: bool, undo: bool) -> KeyMode:
    from runbook_keys.model.key import KeyMode

    return KeyMode.DRY_RUN if dry_run else KeyMode.UNDO if undo else KeyMode.RUN


def _pairs(words: Sequence[str]) -> dict[str, str]:
    """`--hours 24`, `--hours=24` and the bare `--all` (true) as texts by name."""
    found: dict[str, str] = {}
    rest = list(words)
    while rest:
        word = rest.pop(0)
        name, sign, value = word.removeprefix("--").partition("=")
        if not word.startswith("--") or not name:
            raise click.UsageError(f"{word!r} is not an argument. Write --NAME VALUE.")
        if not sign:
            value = "true" if not rest or rest[0].startswith("--") else rest.pop(0)
        name = name.replace("-", "_")
        if name in found:
            raise click.UsageError(f"--{name} stands twice.")
        found[name] = value
    return found


def _result_in(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise KeysError(f"{file} can't be read as the result of an earlier call: {error}.") from error
    if not isinstance(found, dict):
        raise KeysError(f"{file} holds no result: a result is one JSON object.")
    return found


def _tell(outcome: Outcome, out: Path | None) -> None:
    if outcome.why:
        click.echo(safe(f"keys: {outcome.why}"), err=True)
    call = outcome.call
    if call is not None and (call.files or out):
        folder = out or Path.cwd() / f"{call.slug}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
        for file in call.files:
            made = write_told(folder / file.name, file.content, "Give another folder by --out.")
            click.echo(f"keys: {made}", err=True)
    if outcome.observation.result is not None:
        click.echo(json.dumps(outcome.observation.result, indent=2, ensure_ascii=False))


def _ending(outcome: Outcome) -> Exit:
    from runbook_keys.model.outcome import OutcomeKind

    if outcome.kind is OutcomeKind.SUCCEEDED:
        return Exit.OK
    # A look says what enforces it; a change that was cut may have happened.
    is_cut = outcome.kind in (OutcomeKind.TIMED_OUT, OutcomeKind.CANCELLED)
    is_open = outcome.kind is OutcomeKind.UNKNOWN or (is_cut and not outcome.enforcement)
    return Exit.UNVERIFIED if is_open else Exit.FAILED


def _list_command(with_services: WithServices) -> click.Command:
    @click.command("list")
    @click.option("--json", "as_json", is_flag=True, help="One JSON array.")
    def list_(as_json: bool) -> None:
        """List the KEYS and runbooks that are installed: kind, version, class.

        Example: keys list
        """

        async def look(services: Services) -> list[Installed]:
            from runbook_keys.operations.library.keys import list_installed

            return list_installed(services)

        found = with_services(look)
        click.echo(_as_json(found) if as_json else "\n".join(_list_lines(found)))

    return list_


def _list_lines(found: Sequence[Installed]) -> list[str]:
    widest = max((len(each.slug) for each in found), default=0)
    return [_list_line(each, widest) for each in found] or ["Nothing is installed."]


def _list_line(each: Installed, widest: int) -> str:
    head = f"{each.kind:<8} {each.slug:<{widest}}"
    if each.fault:
        return f"{head}  CAN'T BE READ: {one_line(each.fault, 200)}"
    return f"{head}  {each.version:<8} {each.safety:<12} {one_line(each.title)}"


def _new_command(with_services: WithServices) -> click.Command:
    @click.command("new")
    @click.argument("kind", type=click.Choice(KINDS))
    @click.argument("name")
    @click.option("--in", "parent", type=click.Path(file_okay=False, path_type=Path), default=Path())
    def new(kind: str, name: str, parent: Path) -> None:
        """Make a new KEY or runbook called NAME that works and passes `keys check`, and say what is to be done.

        Example: keys new node node-cache-purge
        """
        from runbook_keys.operations.library.new import Made, make_new

        async def make(services: Services) -> Made:
            return make_new(services, kind, name)

        made = with_services(make)
        folder = parent / name
        if folder.exists():
            raise KeysError(f"{folder} is there already. Choose another name, or remove it first.")
        try:
            write_folder(folder, made.files)
        except OSError as error:
            raise KeysError(
                f"{folder} can't be made: {error.strerror}. Give another folder by --in."
            ) from error
        click.echo(f"{folder} is made. To do:")
        for todo in made.todos:
            click.echo("\n".join(hanging("  - ", todo)))
        click.echo(f"Then: keys check {folder}")

    return new


def _schema_command(_with_services: WithServices) -> click.Command:
    @click.command("schema")
    @click.argument("kind", type=click.Choice(["pack", "key"]))
    def schema(kind: str) -> None:
        """Print the JSON Schema of pack.json or key.json, for editors and other programs.

        Example: keys schema key > key.schema.json
        """
        from runbook_keys.operations.library.keys import schema_of

        click.echo(json.dumps(schema_of(kind), indent=2, ensure_ascii=False))

    return schema


def _page_lines(page: KeyPage | RunbookPage) -> list[str]:
    from runbook_keys.operations.library.keys import KeyPage

    return _key_lines(page) if isinstance(page, KeyPage) else _runbook_lines(page)


def _key_lines(page: KeyPage) -> list[str]:
    key = page.metadata
    lines = [f"{key.title}: {key.slug} {key.version} ({key.tool}, {key.safety})"]
    lines += hanging("  ", key.description)
    lines += _block("Answers", key.questions)
    lines += _block("Needs", [_property(each, key.inputs, key.secrets) for each in key.inputs["properties"]])
    lines += _block("Returns", [_property(each, key.outputs) for each in key.outputs.get("properties", {})])
    lines += _block("Before", key.preconditions)
    lines += _block("Changes", key.side_effects or ("nothing",))
    lines += _block("Undo", (key.undo,) if key.undo else ())
    lines += _block("By hand", (key.manual_alternative,) if key.manual_alternative else ())
    reads = [f"{name} from the environment" for name in key.environment]
    lines += _block("Uses", [*reads, *(f"the program {name}" for name in key.commands)])
    lines += _block("Called by", page.called_by or ("no installed runbook",))
    modes = ["a dry run"] * key.dry_run + ["an undo"] * key.has_undo
    lines += _block("It has", modes)
    return [
        *lines,
        f"Ended after {key.timeout_seconds} s. Owner: {safe(key.owner)}. Digest: {page.digest[:16]}",
    ]


def _property(name: str, schema: dict[str, Any], secrets: Sequence[str] = ()) -> str:
    each = schema["properties"][name]
    declared = each.get("type", "one of a few" if "enum" in each else "value")
    kind = each.get("format") or (declared if isinstance(declared, str) else " or ".join(declared))
    is_needed = name in schema.get("required", ())
    notes = [kind, *(["needed"] if is_needed else []), *(["secret"] if name in secrets else [])]
    return f"{name} ({', '.join(notes)}): {each['description']}"


def _runbook_lines(page: RunbookPage) -> list[str]:
    lines = [f"{safe(page.title)}: {page.slug} {page.version} (runbook, up to {page.safety})"]
    lines += hanging("  ", page.description)
    lines += _block("Needs", [f"{name}: {words}" for name, words in page.inputs])
    lines += _block("Steps", page.steps)
    return lines + _block("Calls", page.calls or ("no KEY",))


def _block(name: str, texts: Sequence[str]) -> list[str]:
    lines = [f"{name}:"] if texts else []
    for text in texts:
        lines += hanging("  - ", text)
    return lines


def _as_json(value: Any) -> str:
    import msgspec

    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
