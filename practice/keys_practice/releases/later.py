"""Releases that are built only when a fault needs them: mends, failed mends, and releases that change the database.

Two of them bring a change of `processed_events`. `r50` wants every row to say where the event came from: a release that
does not know the column can't write any more. `r52` adds a column that may stay empty: older releases go on, and lose
what it would have held.
"""

from pathlib import Path

from keys_practice import releases

Edits = tuple[tuple[str, str], ...]

_REMEMBER = '"INSERT INTO processed_events (event_id, type) VALUES (%s, %s) ON CONFLICT DO NOTHING"'
_NAMED = (('"""What Larkspur Letters does', '"""(Mended.) What Larkspur Letters does'),)


def _remembering(column: str, value: str) -> Edits:
    written = _REMEMBER.replace("type)", f"type, {column})").replace("(%s, %s)", f"(%s, %s, '{value}')")
    return ((_REMEMBER, written),)


# What r42 reads from a price, and the real prices do not have.
_CRASHES: Edits = (('item["price"]["lookup_key"]', 'item["price"]["nickname"].strip().lower()'),)

EDITS: dict[str, Edits] = {
    "r48": _NAMED,
    "r49": _CRASHES,
    "r50": (*_remembering("source", "stripe"), *_CRASHES),
    "r51": (*_remembering("source", "stripe"), *_NAMED),
    "r52": (*_remembering("region", "eu"), *_CRASHES),
}

# The change of the database that a release brings: table, column, and what older rows hold in it.
MIGRATIONS = {
    "r50": "processed_events source unknown",
    "r51": "processed_events source unknown",
    "r52": "processed_events region -",
}

STATEMENTS = {
    "r50": "ALTER TABLE processed_events ADD COLUMN source text NOT NULL DEFAULT 'unknown';"
    " ALTER TABLE processed_events ALTER COLUMN source DROP DEFAULT",
    "r52": "ALTER TABLE processed_events ADD COLUMN region text",
}


def build(folder: Path, release: str) -> None:
    """Write one of them below `folder`, as the build server would."""
    place = releases.write(folder, release, EDITS[release])
    if release in MIGRATIONS:
        (place / "migrations").write_text(f"{MIGRATIONS[release]}\n", "utf-8")
