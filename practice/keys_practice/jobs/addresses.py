"""A receipt's address is checked first, where a selling department with an address service stands beside."""

from pathlib import Path

from keys_practice.jobs.places import WIRE
from keys_practice.layout import Layout
from keys_practice.wire import calling
from keys_practice.wire.dependencies import dependencies
from keys_practice.wire.layout import ADDRESSES, layout_of

POSTCODE = "10115"


def problem(layout: Layout, job: str) -> str:
    """Why the address can't be checked; nothing where it was, or need not be."""
    folder = layout.facts().get(WIRE)
    if not folder:
        return ""
    service = dependencies(layout_of(Path(folder)))[ADDRESSES]
    body = {"order": job, "amount_cents": 0, "postcode": POSTCODE}
    heard = calling.call(service, "POST", "/v1/address-checks", body, key=job)
    return "" if heard.is_ok else f"{service.name}: {heard.how} {heard.status or heard.words}"
