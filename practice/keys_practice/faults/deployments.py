"""Faults that come with releases and with the tool that deploys them."""

import shutil
from collections.abc import Callable

from keys_practice.company import Company
from keys_practice.faults.fault import (
    Fault,
    let_events_be_accepted,
    let_events_end_as,
    let_events_fail,
)

LEFT_OF_THE_RECORD = 20  # bytes of the record's last line that reached a full disk


def _deploy(company: Company, release: str) -> None:
    company.command("deployctl", "deploy", release, "--by", "growth-team")


def _bad(release: str, happens: Callable[[Company], None]) -> Callable[[Company], None]:
    """The growth team deploys this release, and events come to what `happens` waits for."""

    def cause(company: Company) -> None:
        _deploy(company, release)
        happens(company)

    return cause


def _some_fail(company: Company) -> None:
    let_events_end_as(company, "delivered", "failed")


def _bad_release_twice(company: Company) -> None:
    _bad("r42", let_events_fail)(company)
    _deploy(company, "r42")


def _colleague_rolls_back(bad: str, happens: Callable[[Company], None]) -> Callable[[Company], None]:
    """A bad release harms events, and a colleague puts the one before it back."""

    def cause(company: Company) -> None:
        _bad(bad, happens)(company)
        company.command("deployctl", "rollback")
        let_events_be_accepted(company)

    return cause


def _pays_twice(company: Company) -> None:
    """Stripe may deliver an event again at any time; r46 counts it again."""
    _deploy(company, "r46")
    let_events_be_accepted(company)
    deliveries = company.stripe.get(f"/{company.endpoint_id}/deliveries")
    company.stripe.post(f"/{company.endpoint_id}/resend", events=[each["id"] for each in deliveries])


def _under_way(company: Company) -> None:
    before = company.unit("app")["pid"]
    company.keeper("start", "deployment")
    company.must_become(
        lambda: company.unit("app")["pid"] not in (before, None) and company.is_listening(),
        "the service answers again while the deployment goes on",
    )
    let_events_be_accepted(company)


def _record_cut(company: Company) -> None:
    path = company.layout.deployments
    *whole, last = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(whole) + last[:LEFT_OF_THE_RECORD])


def _good_release_gone(company: Company) -> None:
    shutil.rmtree(company.layout.releases / "r41")


_RECOVERY = frozenset({"release", "restart"})

FAULTS: dict[str, Fault] = {
    "bad-release": Fault(
        "The growth team deployed r42. Its handler crashes on every real event; the service answers 500.",
        _bad("r42", let_events_fail),
        _RECOVERY,
    ),
    "bad-release-twice": Fault(
        "The growth team deployed r42, which crashes, and deployed it once more in the hope that it helps.",
        _bad_release_twice,
        _RECOVERY,
    ),
    "handler-drops-events": Fault(
        "The growth team deployed r43. It answers 200 and drops every event.",
        _bad("r43", let_events_be_accepted),
        _RECOVERY,
    ),
    "one-type-dropped": Fault(
        "The growth team deployed r44. It answers 200, applies subscriptions and drops payments.",
        _bad("r44", let_events_be_accepted),
        _RECOVERY,
    ),
    "one-type-crashes": Fault(
        "The growth team deployed r45. It applies subscriptions and crashes on payments.",
        _bad("r45", _some_fail),
        _RECOVERY,
    ),
    "pays-twice": Fault(
        "The growth team deployed r46. A payment that Stripe delivers again is counted again.",
        _pays_twice,
        _RECOVERY | {"records"},
    ),
    "wrong-amounts": Fault(
        "The growth team deployed r47. It keeps amounts in euros where cents are meant.",
        _bad("r47", let_events_be_accepted),
        _RECOVERY | {"records"},
    ),
    "crashes-mended": Fault(
        "A release crashed, and a colleague has rolled it back. The events of that time are missing.",
        _colleague_rolls_back("r42", let_events_fail),
    ),
    "drops-mended": Fault(
        "A release dropped events, and a colleague has rolled it back. What was dropped is missing.",
        _colleague_rolls_back("r43", let_events_be_accepted),
    ),
    "deployment-running": Fault(
        "Nothing is broken, but the growth team is in the middle of a deployment.", _under_way
    ),
    "deployment-record-cut": Fault(
        "A full disk cut the record of deployments. deployctl can't read it and says so.", _record_cut
    ),
    "good-release-gone": Fault(
        "A clean-up job has removed r41. Nobody can go back to it.", _good_release_gone
    ),
}
