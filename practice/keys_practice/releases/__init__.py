"""The releases of the webhook service. Each is real code in a folder; all but GOOD are really bad."""

from pathlib import Path

from keys_practice.endpoints import OUR_EVENTS

GOOD = frozenset({"r40", "r41", "r48", "r51"})

# What each release changed against handler.py (exact text, new text): how such bugs get shipped.
_EDITS: dict[str, tuple[tuple[str, str], ...]] = {
    "r40": (),
    "r41": (('"""What Larkspur Letters does', '"""(Gift subscriptions renew.) What Larkspur Letters does'),),
    # Reads a price nickname for a welcome mail. The staging prices had one; the real ones have none.
    "r42": (
        ('"plan": item["price"]["lookup_key"],', '"plan": item["price"]["nickname"].strip().lower(),'),
        (
            '"currency": invoice["currency"],',
            '"currency": invoice["lines"]["data"][0]["price"]["currency"],',
        ),
    ),
    # Meant to accept whole families of types, and compares the family with the list of types.
    "r43": (
        (
            'if event["type"] not in HANDLED:',
            'if event["type"].rpartition(".")[0] not in HANDLED:',
        ),
    ),
    # Takes the type's name from an older page of Stripe's documentation.
    "r44": (('"invoice.paid",\n)', '"invoice.payment_succeeded",\n)'),),
    # Half of what r42 reads and the real prices do not have.
    "r45": (
        (
            '"currency": invoice["currency"],',
            '"currency": invoice["lines"]["data"][0]["price"]["currency"],',
        ),
    ),
    # Wants late payments counted, and asks too late whether this one was counted already.
    "r46": (
        (
            'return "duplicate"',
            "return _count_late(event, connection)",
        ),
        (
            "def _subscribe(",
            """def _count_late(event: dict[str, Any], connection: psycopg.Connection) -> str:
    invoice = event["data"]["object"]
    if invoice["object"] == "invoice":
        subscription = invoice["parent"]["subscription_details"]["subscription"]
        values = {"subscription": subscription, "customer": invoice["customer"], "amount": invoice["amount_paid"]}
        connection.execute(PAID, values)
    return "duplicate"


def _subscribe(""",
        ),
    ),
    # Keeps euros in a column of cents.
    "r47": (('"amount": invoice["amount_paid"],', '"amount": invoice["amount_paid"] // 100,'),),
}


def install(folder: Path) -> None:
    """Write every release below `folder`, one folder each with its handler.py."""
    for release, edits in _EDITS.items():
        write(folder, release, edits)


def write(folder: Path, release: str, edits: tuple[tuple[str, str], ...]) -> Path:
    """Write one release below `folder` and return its place. Each edit must fit handler.py exactly once."""
    code = Path(__file__).with_name("handler.py").read_text("utf-8")
    for old, new in edits:
        if code.count(old) != 1:
            raise AssertionError(f"The edit of {release} no longer fits handler.py: {old}")
        code = code.replace(old, new)
    place = folder / release
    place.mkdir(parents=True)
    (place / "handler.py").write_text(code, "utf-8")
    (place / "VERSION").write_text(f"{release}\n", "utf-8")
    (place / "event-types").write_text("".join(f"{each}\n" for each in sorted(OUR_EVENTS)), "utf-8")
    return place
