"""Which KEYS a runbook calls, whether it calls them as they want to be called, and their exact content for the journal.

A call that fitted is remembered by everything that it depends on: an unchanged one is not proven twice before a first question.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256

import msgspec
from msgspec import Struct

from runbook_keys.book.digest import folder_digest
from runbook_keys.engine.course import safety_of
from runbook_keys.errors import InvalidPack, UnknownKey
from runbook_keys.model.entry import Blob
from runbook_keys.model.key import KeyMode, PinnedKey
from runbook_keys.model.outcome import Role
from runbook_keys.model.pack import Pack
from runbook_keys.model.runbook import Block, Runbook, SafetyClass
from runbook_keys.operations.packs import OpenPack
from runbook_keys.operations.services import Services

MOST_SHOWN = 10


class KeyBlock(Struct, frozen=True):
    """A `key` block and where it stands: `place` in words, and whether it may only look there."""

    place: str
    block: Block
    is_looking: bool


class CalledKey(Struct, frozen=True):
    """A KEY that the runbook calls, as it is now."""

    slug: str
    version: str
    pack: Pack


class Fitness(Struct, frozen=True):
    """Whether a call fits its KEY: it does where no reason says why not."""

    slug: str = ""
    version: str = ""
    reasons: tuple[str, ...] = ()


def key_blocks(runbook: Runbook) -> Iterator[KeyBlock]:
    """Every block that calls a KEY, in the order of the text."""
    for step in runbook.steps:
        blocks = {
            Role.WORK: step.block,
            Role.PROBE: step.probe,
            Role.ROLLBACK: step.rollback,
            Role.ROLLBACK_CHECK: step.rollback_check,
        }
        for role, block in blocks.items():
            if block is not None and block.key is not None:
                yield KeyBlock(f"{step.label}", block, safety_of(step, role) is SafetyClass.SAFE)
    for item in runbook.evidence:
        if item.block is not None and item.block.key is not None:
            yield KeyBlock("section 9", item.block, is_looking=True)


def called_keys(
    services: Services, opened: OpenPack, values: Mapping[str, str], accepted_because: str
) -> list[CalledKey]:
    """The KEYS that the runbook calls, as they are now.

    Raises InvalidPack naming each call that can't work: of a KEY that is not installed or broken, with arguments that
    its schema refuses. Where a person gave a reason to go on all the same, such a KEY is left out instead.
    """
    blocks = list(key_blocks(opened.runbook))
    if not blocks:
        return []
    found, faults = _found(services, blocks, values)
    if faults and not accepted_because.strip():
        raise InvalidPack(_refusal(opened.metadata.slug, faults))
    return list(found.values())


def pin(key: CalledKey, seal: Callable[[bytes], Blob]) -> tuple[PinnedKey, Blob]:
    """What the journal keeps of a KEY at the opening of a run."""
    blob = seal(msgspec.json.encode(key.pack.files))
    return PinnedKey(key.slug, key.version, folder_digest(key.pack.files), blob.digest), blob


def _found(
    services: Services, blocks: list[KeyBlock], values: Mapping[str, str]
) -> tuple[dict[str, CalledKey], list[str]]:
    found: dict[str, CalledKey] = {}
    faults: list[str] = []
    for each in blocks:
        slug = str(each.block.key)
        where = f"README.md:{each.block.line}: {each.place} calls {slug}"
        try:
            pack = found[slug].pack if slug in found else services.keys.load_key(slug)
        except UnknownKey:
            faults.append(f"{where}, which is not installed.")
            continue
        fitness = _remembered(services, pack, each, values)
        faults += [f"{where}. {reason}" for reason in fitness.reasons]
        if not fitness.reasons:
            found[slug] = CalledKey(fitness.slug, fitness.version, pack)
    return found, faults


def _remembered(services: Services, pack: Pack, each: KeyBlock, values: Mapping[str, str]) -> Fitness:
    name = _name(services, pack, each, values)
    known = services.cache.get(name)
    if known is not None:
        return msgspec.msgpack.decode(known, type=Fitness)
    fitness = _fitness(pack, each, values)
    if not fitness.reasons:
        services.cache.put(name, msgspec.msgpack.encode(fitness))
    return fitness


def _name(services: Services, pack: Pack, each: KeyBlock, values: Mapping[str, str]) -> str:
    """What a fitting call is remembered by: all that decides it. Values may be secret, so their digest is keyed."""
    said = services.secrets.digest("values of a call", repr(sorted(values.items()))) if values else ""
    seen = [sorted(pack.files.items()), each.block.text, each.block.mode, each.is_looking, said]
    return f"call {sha256(msgspec.msgpack.encode(seen)).hexdigest()}"


def _fitness(pack: Pack, each: KeyBlock, values: Mapping[str, str]) -> Fitness:
    # Validation takes a library of its own; a runbook that calls no KEY, or only as before, starts without it.
    from runbook_keys.book.key_arguments import unfit_call, unfit_mode
    from runbook_keys.book.key_metadata import read_key_metadata
    from runbook_keys.book.keycalls import arguments_of

    metadata, problems = read_key_metadata(pack.files["key.json"])
    if metadata is None:
        return Fitness(reasons=tuple(f"key.json:{problem.line}: {problem.reason}" for problem in problems))
    if metadata.entry not in pack.files:
        return Fitness(reasons=(f"It has no {metadata.entry}.",))
    wrong_mode = unfit_mode(metadata, KeyMode(each.block.mode), each.is_looking)
    arguments = arguments_of(each.block.text, each.block.line, [])
    reasons = (*((wrong_mode,) if wrong_mode else ()), *unfit_call(metadata, arguments, values))
    return Fitness(metadata.slug, metadata.version, reasons)


def _refusal(slug: str, faults: list[str]) -> str:
    lines = [f"  {fault}" for fault in faults[:MOST_SHOWN]]
    if len(faults) > MOST_SHOWN:
        lines.append(f"  … and {len(faults) - MOST_SHOWN} more")
    return "\n".join(
        [
            f"{slug} calls KEYS in a way that can't work; the run has not started.",
            *lines,
            "`keys list` shows what is installed, `keys show KEY` what it needs.",
            "To run it all the same: --accept-findings REASON.",
        ]
    )
