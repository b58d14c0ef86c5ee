"""From what a person typed to a reply. An empty line is a yes only where the screen says so; silence never is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

from runbook_keys.errors import Refused
from runbook_keys.model import reply as r
from runbook_keys.model.outcome import Settlement
from runbook_keys.model.runbook import SafetyClass
from runbook_keys.model.view import Asking, View

MOST_BYTES = 10 << 20

Ask = Callable[[str], Awaitable[str | None]]
"""Asks for one more line; None at the end of input."""

SETTLEMENTS = {"y": Settlement.APPLIED, "n": Settlement.NOT_APPLIED, "?": Settlement.UNCLEAR}


async def understand(view: View, typed: str, ask: Ask) -> r.Reply | None:
    """The reply that `typed` means on this screen, asking for a reason where one is needed; None if it means nothing."""
    word, _, rest = typed.strip().partition(" ")
    if view.asking is Asking.EVIDENCE and word != "q":
        return r.Answer(typed.strip())
    own = _OWN.get(view.asking)
    reply = await own(view, typed.strip(), ask) if own else None
    return reply or await _anywhere(view, word, rest.strip(), ask)


async def _anywhere(view: View, word: str, rest: str, ask: Ask) -> r.Reply | None:
    if word == "q":
        return r.Leave()
    if word == "e":
        return r.Escalate(await _reason(ask, rest, "Why (Enter alone: no reason)? "))
    if word == "n" and (text := rest or await ask("Note: ")):
        return r.AddNote(text)
    if word == "f" and (path := rest or await ask("Which file? ")):
        return _file(path.strip())
    if word == "b":
        return await _breach(rest, ask)
    if word == "x":
        return r.Abandon(await _reason(ask, rest, "End without recovery. Why? "))
    if word == "s" and view.asking is Asking.LOOK:
        return r.Skip(await _reason(ask, rest, "Skip this look. Why? "))
    if word == "g":
        label, _, why = rest.partition(" ")
        label = label or await ask("Go to which step (such as D2)? ") or ""
        return r.GoTo(label.strip().upper(), await _reason(ask, why, "Why? "))
    return None


async def _breach(rest: str, ask: Ask) -> r.Reply | None:
    """Personal data is concerned, since a time (UTC) or since now. Raises Refused for what is no time."""
    typed = rest or await ask("Personal data is concerned. Known since (Enter: now; 2026-11-23T04:05)? ")
    if typed is None:
        return None
    try:
        at = datetime.fromisoformat(typed.strip()) if typed.strip() else None
    except ValueError:
        raise Refused(f"{typed.strip()} is no time. Write 2026-11-23T04:05, in UTC.") from None
    if at is not None:
        at = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    return r.DeclareBreach(at, await _reason(ask, "", "How do you know (Enter alone: not said)? "))


def _file(path: str) -> r.AttachFile:
    """The file at `path`, whole. Raises Refused where it can't be kept."""
    place = Path(path).expanduser()
    try:
        with place.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise Refused(f"{path} can't be read: {error.strerror}. Nothing was attached.") from error
    if len(content) > MOST_BYTES:
        raise Refused(f"{path} is larger than {MOST_BYTES >> 20} MiB. Attach the part that shows it.")
    return r.AttachFile(place.name.encode("utf-8", "backslashreplace").decode(), content)


async def _reason(ask: Ask, given: str, prompt: str) -> str:
    return given.strip() or (await ask(prompt) or "").strip()


async def _look(_view: View, typed: str, _ask: Ask) -> r.Reply | None:
    return None if typed else r.Proceed()


async def _number(view: View, typed: str, ask: Ask) -> r.Reply | None:
    if not typed.isascii() or not typed.isdigit() or not 1 <= int(typed) <= len(view.ways_out):
        return None
    needs_reason = view.asking is Asking.CHOICE and any(way.condition for way in view.ways_out)
    reason = await _reason(ask, "", "Why is this the right way? ") if needs_reason else ""
    return r.Choose(int(typed) - 1, reason)


async def _approval(view: View, typed: str, ask: Ask) -> r.Reply | None:
    if view.safety is not SafetyClass.IRREVERSIBLE:
        return None if typed else r.Approve()
    label = view.step.label if view.step else ""
    if typed.upper() != label:
        return None
    reason = await ask("Why is this right? ")
    return None if reason is None else r.Approve(label, reason)


async def _rollback(_view: View, typed: str, _ask: Ask) -> r.Reply | None:
    return None if typed else r.Approve()


async def _unknown(_view: View, typed: str, ask: Ask) -> r.Reply | None:
    word, _, rest = typed.partition(" ")
    if word not in SETTLEMENTS:
        return None
    return r.Settle(SETTLEMENTS[word], await _reason(ask, rest, "How do you know? "))


async def _escalation(_view: View, typed: str, ask: Ask) -> r.Reply | None:
    word, _, rest = typed.partition(" ")
    return r.GoOn(await _reason(ask, rest, "Why carry on? ")) if word == "c" else None


async def _watching(_view: View, typed: str, _ask: Ask) -> r.Reply | None:
    return None if typed else r.Wait()


_OWN: dict[Asking, Callable[[View, str, Ask], Awaitable[r.Reply | None]]] = {
    Asking.LOOK: _look,
    Asking.QUESTION: _number,
    Asking.CHOICE: _number,
    Asking.APPROVAL: _approval,
    Asking.ROLLBACK: _rollback,
    Asking.UNKNOWN: _unknown,
    Asking.ESCALATION: _escalation,
    Asking.WATCHING: _watching,
}
