"""What `key.json` says about a KEY, and what one call of it is and leaves behind."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from runbook_keys.model.pack import Author, Maturity, Version, Words
from runbook_keys.model.runbook import SafetyClass

KeySlug = Annotated[str, Meta(pattern=r"^(jupyter|node|next|python)(-[a-z0-9]+){2,}$", max_length=80)]
ArgumentName = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
EnvironmentName = Annotated[str, Meta(pattern=r"^[A-Z][A-Z0-9_]{0,63}$")]
Program = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$")]
Seconds = Annotated[int, Meta(ge=1, le=86_400)]
Optional = Annotated[str, Meta(max_length=2000)]


class Tool(StrEnum):
    """What runs a KEY."""

    JUPYTER = "jupyter"
    NODE = "node"
    PYTHON = "python"


class KeyMode(StrEnum):
    """What a call is to do: the work, say what the work would be, or take an earlier call's work back."""

    RUN = "run"
    DRY_RUN = "dry-run"
    UNDO = "undo"


PREFIXES = {Tool.JUPYTER: ("jupyter",), Tool.NODE: ("node", "next"), Tool.PYTHON: ("python",)}
"""How the slugs of each tool's KEYS begin."""

ENTRIES = {Tool.JUPYTER: ("analysis.ipynb",), Tool.NODE: ("main.mjs", "main.ts"), Tool.PYTHON: ("main.py",)}
"""The files that a call of each tool's KEYS may begin with."""


class KeyMetadata(Struct, frozen=True, forbid_unknown_fields=True):
    """`key.json`, whole. `inputs` and `outputs` are JSON Schema (2020-12) of one object each."""

    slug: KeySlug
    title: Words
    description: Words
    tool: Tool
    version: Version
    outcome: Words
    maturity: Maturity
    owner: Words
    author: Author
    license_spdx: Words
    entry: Literal["analysis.ipynb", "main.mjs", "main.ts", "main.py"]
    inputs: dict[str, Any]
    outputs: dict[str, Any]
    safety: SafetyClass
    timeout_seconds: Seconds
    questions: tuple[Words, ...] = ()
    side_effects: tuple[Words, ...] = ()
    preconditions: tuple[Words, ...] = ()
    dry_run: bool = False
    undo: Optional = ""
    has_undo: bool = False
    manual_alternative: Optional = ""
    environment: tuple[EnvironmentName, ...] = ()
    secrets: tuple[ArgumentName, ...] = ()
    commands: tuple[Program, ...] = ()
    tags: tuple[str, ...] = ()
    documentation: str = "README.md"

    @property
    def is_changing(self) -> bool:
        """True where a call may change the world."""
        return self.safety is not SafetyClass.SAFE


class KeptFile(Struct, frozen=True):
    """A file that a call leaves as evidence: its name, its media type, its masked content."""

    name: str
    media_type: str
    content: bytes


class KeyCall(Struct, frozen=True):
    """What an executor tells of one call: which KEY, by which program, with which arguments (secrets masked)."""

    slug: str
    version: str
    digest: str
    mode: KeyMode
    program: str
    arguments: dict[str, Any] = field(default_factory=dict)
    files: tuple[KeptFile, ...] = ()


class KeyRecord(Struct, frozen=True):
    """What the journal keeps of one call. `files` maps names to blobs; each blob's digest is salted.

    `program` names what ran it with its version. `result_blob` is empty where there was no result.
    """

    slug: str
    version: str
    digest: str
    mode: KeyMode
    program: str
    arguments_blob: str = ""
    result_blob: str = ""
    files: dict[str, str] = field(default_factory=dict)


class PinnedKey(Struct, frozen=True):
    """A KEY as it was when a run opened: `digest` names its folder's exact content, which lies in `blob`."""

    slug: str
    version: str
    digest: str
    blob: str
