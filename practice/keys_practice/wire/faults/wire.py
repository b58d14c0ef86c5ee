"""Faults in the wire, and in the dependencies at its other end."""

import json
from collections.abc import Callable
from functools import partial
from urllib.parse import urlsplit

from keys_practice.wire.company import Company
from keys_practice.wire.faults.fault import ANSWERS_WHILE_BROKEN, Fault, contained
from keys_practice.wire.layout import ADDRESSES, DEPENDENCIES, PAYMENTS
from keys_practice.wire.line import SLOW_SECONDS

REFUSALS = (503, 504, 0)


def line(dependency: str, fault: str, *statuses: int) -> Callable[[Company], None]:
    """The line does this wrong, and users notice by answers with these statuses."""

    def cause(company: Company) -> None:
        company.put_into_wire(dependency, fault)
        company.await_answers(ANSWERS_WHILE_BROKEN, *statuses)

    return cause


def _at_once(dependency: str, fault: str) -> Callable[[Company], None]:
    """The line does this wrong from this moment, and nobody has met it yet."""
    return lambda company: company.put_into_wire(dependency, fault)


def _slow(dependency: str) -> Callable[[Company], None]:
    def cause(company: Company) -> None:
        company.put_into_wire(dependency, "slow")
        seen = len(company.answers())

        def are_slow() -> bool:
            slow = [each for each in company.answers()[seen:] if each["ms"] > 1000 * SLOW_SECONDS]
            return len(slow) >= ANSWERS_WHILE_BROKEN

        company.must_become(are_slow, "users wait for their answers")

    return cause


def _both_refused(company: Company) -> None:
    for dependency in DEPENDENCIES:
        company.put_into_wire(dependency, "refused")
    company.await_answers(ANSWERS_WHILE_BROKEN, *REFUSALS)


def _signed_wrong(company: Company) -> None:
    company.set_flaws(PAYMENTS, "wrong")
    company.await_answers(ANSWERS_WHILE_BROKEN, 201)


def _unconfirmed(flaw: str) -> Callable[[Company], None]:
    def cause(company: Company) -> None:
        company.set_flaws(PAYMENTS, flaw)
        company.await_answers(6 * ANSWERS_WHILE_BROKEN, 201)

    return cause


def _name_not_found(company: Company) -> None:
    path = company.layout.dependencies_file
    known = json.loads(path.read_text("utf-8"))
    port = urlsplit(known[PAYMENTS]["url"]).port
    known[PAYMENTS]["url"] = f"https://payments.larkspur.invalid:{port}"
    path.write_text(json.dumps(known), "utf-8")
    company.keeper("restart", "app")
    company.await_answers(ANSWERS_WHILE_BROKEN, *REFUSALS)


def _provider_down(company: Company) -> None:
    company.keeper("stop", PAYMENTS)
    company.await_answers(ANSWERS_WHILE_BROKEN, *REFUSALS)


def _mended(company: Company) -> None:
    for dependency in DEPENDENCIES:
        company.keeper("start", dependency)
        company.put_into_wire(dependency, "none")
    for dependency in DEPENDENCIES:
        company.must_become(partial(company.is_listening, dependency), f"{dependency} listens")
        company.set_flaws(dependency)


def _for_a_moment(company: Company) -> None:
    """Just long enough for the breaker to open by itself."""
    company.put_into_wire(PAYMENTS, "refused")
    company.must_become(lambda: company.breaker_state(PAYMENTS) == "open", "the breaker opens")
    company.put_into_wire(PAYMENTS, "none")


_PAYMENTS, _ADDRESSES = contained(PAYMENTS), contained(ADDRESSES)

FAULTS: dict[str, Fault] = {
    "refused": Fault(
        "Nothing listens at the payment provider: connections are refused.",
        line(PAYMENTS, "refused", *REFUSALS),
        _PAYMENTS,
    ),
    "black-hole": Fault(
        "The line to the payment provider takes connections and swallows everything.",
        line(PAYMENTS, "black-hole", *REFUSALS),
        _PAYMENTS,
    ),
    "slow": Fault("The payment provider answers after two and a half seconds.", _slow(PAYMENTS), _PAYMENTS),
    "resets": Fault(
        "Half of the connections to the payment provider are reset, after it has done what was asked.",
        line(PAYMENTS, "resets", *REFUSALS),
        _PAYMENTS,
    ),
    "tls-expired": Fault(
        "The payment provider's certificate has expired 20 minutes ago.",
        line(PAYMENTS, "tls-expired", *REFUSALS),
        _PAYMENTS,
    ),
    "rate-limited": Fault(
        "The payment provider has lowered our limit: nearly every request is answered 429.",
        line(PAYMENTS, "rate-limited", *REFUSALS),
        _PAYMENTS,
    ),
    "wrong-values": Fault(
        "Answers about payments come with status 200 and a wrong amount. The checksum does not fit.",
        line(PAYMENTS, "wrong-values", 201),
        _PAYMENTS,
    ),
    "wrong-and-signed": Fault(
        "The payment provider itself charges a wrong amount. Its checksum fits; only a known answer tells.",
        _signed_wrong,
        _PAYMENTS,
    ),
    "wrong-orders": Fault(
        "Answers about real orders come with a wrong amount. The known answer comes right.",
        line(PAYMENTS, "wrong-orders", 201),
        _PAYMENTS,
    ),
    "empty-answers": Fault(
        "Every third charge is answered 200 with nothing in it, and is not made. The known answer comes right.",
        line(PAYMENTS, "empty", 201),
        _PAYMENTS,
    ),
    "empty-answers-charged": Fault(
        "Every third charge is made, and answered 200 with nothing in it. The known answer comes right.",
        line(PAYMENTS, "empty-done", 201),
        _PAYMENTS,
    ),
    "charged-and-untold": Fault(
        "Every third charge is made, and the gateway answers 504. The known answer comes right.",
        line(PAYMENTS, "done-504", *REFUSALS),
        _PAYMENTS,
    ),
    "name-not-found": Fault(
        "The payment provider's name is not found. Our service was restarted with the list that holds it.",
        _name_not_found,
        _PAYMENTS,
    ),
    "addresses-refused": Fault(
        "Nothing listens at the address service: connections are refused.",
        line(ADDRESSES, "refused", *REFUSALS),
        _ADDRESSES,
        ADDRESSES,
    ),
    "addresses-slow": Fault(
        "The address service answers after two and a half seconds.", _slow(ADDRESSES), _ADDRESSES, ADDRESSES
    ),
    "other-dependency": Fault(
        "The alert names payments. In truth the address service refuses connections.",
        line(ADDRESSES, "refused", *REFUSALS),
    ),
    "both-refused": Fault("Every dependency refuses connections: our own way out is cut.", _both_refused),
    "confirmations-missing": Fault(
        "Payments work. The payment provider's webhooks no longer reach us.", _unconfirmed("silent")
    ),
    "confirmations-lost": Fault(
        "Payments work. Every other webhook of the payment provider is lost.", _unconfirmed("half-silent")
    ),
    "mended": Fault("Every dependency is well again from this moment.", _mended),
    "provider-down": Fault(
        "The payment provider's own service is down behind its gateway, which answers 502.",
        _provider_down,
        _PAYMENTS,
    ),
    "refuses-for-a-moment": Fault(
        "The payment provider refuses a few connections, and is well again.", _for_a_moment
    ),
    "addresses-refuse-now": Fault(
        "The address service refuses connections from this moment.", _at_once(ADDRESSES, "refused")
    ),
    "refuses-now": Fault(
        "The payment provider refuses connections from this moment.", _at_once(PAYMENTS, "refused"), _PAYMENTS
    ),
    "resets-now": Fault(
        "Half of the connections to the payment provider are reset from this moment.",
        _at_once(PAYMENTS, "resets"),
        _PAYMENTS,
    ),
    "limited-now": Fault(
        "The payment provider answers nearly every request 429 from this moment.",
        _at_once(PAYMENTS, "rate-limited"),
        _PAYMENTS,
    ),
    "flapping": Fault(
        "The payment provider is well for a minute and broken for the next, again and again.",
        _at_once(PAYMENTS, "flapping"),
        _PAYMENTS,
    ),
}
