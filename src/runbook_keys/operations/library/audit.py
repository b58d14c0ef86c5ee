"""Hold all installed runbooks against all installed KEYS. Runs nothing of them."""

from __future__ import annotations

from runbook_keys.book.key_metadata import read_key_metadata
from runbook_keys.book.key_schema import key_schema
from runbook_keys.book.metadata_schema import metadata_schema
from runbook_keys.lint import alignment
from runbook_keys.lint.audit import Audit, audit
from runbook_keys.lint.material import Material, gather
from runbook_keys.model.key import KeyMetadata, Tool
from runbook_keys.operations.services import Services


def audit_library(services: Services) -> Audit:
    """Every call of every installed runbook."""
    return audit(_materials(services), services.keys.key_slugs())


def pages(services: Services) -> dict[str, str]:
    """The generated pages of docs/alignment/, by file name."""
    materials = _materials(services)
    found = audit(materials, services.keys.key_slugs())
    keys = {slug: key for slug, key in _keys(services).items() if key is not None}
    packs = [material.metadata for material in materials if material.metadata]
    return {
        "KEY_TYPES.md": alignment.key_types_page(packs),
        "RUNBOOK_STRUCTURE.md": alignment.structure_page(),
        "METADATA_SCHEMA.md": alignment.schemas_page(
            {"pack.json": metadata_schema(), "key.json": key_schema()}
        ),
        "JUPYTER_ALIGNMENT.md": alignment.alignment_page(
            [Tool.JUPYTER], "Jupyter KEYS and runbooks", keys, found
        ),
        "NODE_ALIGNMENT.md": alignment.alignment_page(
            [Tool.NODE, Tool.PYTHON], "Node, Next and Python KEYS and runbooks", keys, found
        ),
        "CROSS_KEY_AUDIT.md": alignment.audit_page(found),
    }


def _materials(services: Services) -> list[Material]:
    runbooks, keys = services.library.slugs(), _keys(services)
    return [gather(services.library.load(slug), runbooks, keys) for slug in runbooks]


def _keys(services: Services) -> dict[str, KeyMetadata | None]:
    return {slug: read_key_metadata(content)[0] for slug, content in services.keys.key_files().items()}
