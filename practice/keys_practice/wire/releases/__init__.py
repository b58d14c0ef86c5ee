"""The releases of the checkout. Each is real code in a folder; all but GOOD are really bad."""

from pathlib import Path

GOOD = frozenset({"r40", "r41"})

# What each release changed against handler.py (exact text, new text): how such bugs get shipped.
_EDITS: dict[str, tuple[tuple[str, str], ...]] = {
    "r40": (),
    "r41": (('"""What the checkout asks', '"""(Gift orders carry no card.) What the checkout asks'),),
    # Reads a field that the shop's new page will send one day.
    "r42": (('body = {"order": order["id"],', 'body = {"order": order["id"], "gift": order["gift_card"],'),),
    # Moves to the second version of an API that the provider has only announced.
    "r43": (('"/v1/charges"', '"/v2/charges"'),),
    # Tells customers of a degraded answer what it tells them of a full one.
    "r44": (
        ('"state": "accepted",\n        "degraded": True,', '"state": "paid",\n        "degraded": False,'),
    ),
}


def install(folder: Path) -> None:
    """Write every release below `folder`, one folder each with its handler.py."""
    original = Path(__file__).with_name("handler.py").read_text("utf-8")
    for release, edits in _EDITS.items():
        code = original
        for old, new in edits:
            if code.count(old) != 1:
                raise AssertionError(f"The edit of {release} no longer fits handler.py: {old}")
            code = code.replace(old, new)
        place = folder / release
        place.mkdir(parents=True)
        (place / "handler.py").write_text(code, "utf-8")
