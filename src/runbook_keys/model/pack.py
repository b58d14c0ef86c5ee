"""What `pack.json` says about a runbook: identity, needs, inputs, what leads to it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

Slug = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=80)]
Name = Annotated[str, Meta(pattern=r"^[A-Z][A-Z0-9_]*$", max_length=64)]
Version = Annotated[
    str, Meta(pattern=r"^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$")
]
Words = Annotated[str, Meta(min_length=1, max_length=2000, pattern=r"\S")]


class KeyType(StrEnum):
    """What a runbook is for."""

    INCIDENT = "incident"
    FAILURE_MODE = "failure-mode"
    DECISION = "decision"
    RECOVERY = "recovery"


class Severity(StrEnum):
    """How bad the incident is, p0 the worst."""

    P0 = "p0"
    P1 = "p1"
    P2 = "p2"
    P3 = "p3"


class RuntimeDependency(StrEnum):
    """Who follows the runbook."""

    HUMAN = "human"
    ASSISTED = "assisted"
    AUTOMATED = "automated"


class AccessLevel(StrEnum):
    """The most that the operator must be allowed to do."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


class Framework(StrEnum):
    """Frameworks that a run can give evidence for."""

    SOC2 = "SOC2"
    PCI_DSS = "PCI-DSS"
    GDPR = "GDPR"
    HIPAA = "HIPAA"
    ISO27001 = "ISO27001"


class Maturity(StrEnum):
    """How demanding a place the runbook is written for."""

    STARTER = "starter"
    OPERATOR = "operator"
    SCALE = "scale"
    ENTERPRISE = "enterprise"


class InputKind(StrEnum):
    """What a value must look like before it may reach a command."""

    TEXT = "text"
    INTEGER = "integer"
    URL = "url"
    PATH = "path"
    HOST = "host"
    CHOICE = "choice"


class DeclaredInput(Struct, frozen=True, forbid_unknown_fields=True):
    """One value that the runbook's commands read from the environment."""

    name: Name
    description: Words
    example: str
    type: InputKind = InputKind.TEXT
    secret: bool = False
    where: str = ""
    choices: tuple[str, ...] = ()
    pattern: str | None = None
    default: str | None = None


class AlertMatch(Struct, frozen=True, forbid_unknown_fields=True):
    """An alert that leads to this runbook: its name and labels that must be equal."""

    name: Words
    labels: dict[str, str] = field(default_factory=dict)


class Author(Struct, frozen=True, forbid_unknown_fields=True):
    """Who wrote the pack: a team, never a person's name by need."""

    name: Words
    url: str | None = None


class PackMetadata(Struct, frozen=True, forbid_unknown_fields=True):
    """`pack.json`, whole. Unknown fields are refused so that a typing slip is seen."""

    slug: Slug
    title: Words
    description: Words
    tool: Literal["operational"]
    key_type: Annotated[tuple[KeyType, ...], Meta(min_length=1)]
    severity_level: Severity
    version: Version
    runtime_dependency: RuntimeDependency
    required_access_level: AccessLevel
    produces_evidence: bool
    outcome: Words
    maturity: Maturity
    license_spdx: Words
    author: Author
    owner: Words
    compliance_relevance: tuple[Framework, ...] = ()
    references_jupyter_keys: tuple[Slug, ...] = ()
    references_node_keys: tuple[Slug, ...] = ()
    references_python_keys: tuple[Slug, ...] = ()
    related_runbooks: tuple[Slug, ...] = ()
    tags: tuple[str, ...] = ()
    documentation: str = "README.md"
    inputs: tuple[DeclaredInput, ...] = ()
    alerts: tuple[AlertMatch, ...] = ()

    @property
    def references_keys(self) -> tuple[str, ...]:
        """All KEYS that it says it calls."""
        return self.references_jupyter_keys + self.references_node_keys + self.references_python_keys


class Pack(Struct, frozen=True):
    """A pack's files as bytes by relative path, and where they came from. Nothing is parsed yet."""

    files: dict[str, bytes]
    origin: str
