"""Faults that people bring about: releases, switches that were left, and our own service and database."""

import os
import signal
from collections.abc import Callable

from keys_practice.wire.company import Company
from keys_practice.wire.faults.fault import ANSWERS_WHILE_BROKEN, Fault, contained
from keys_practice.wire.faults.wire import REFUSALS
from keys_practice.wire.layout import PAYMENTS

LEFT_OF_THE_LIST = 40  # bytes of the list of dependencies that reached a full disk
LEFT_OF_THE_RECORD = 20  # the same of the last deployment's record


def _deploy(company: Company, release: str) -> None:
    company.command("deployctl", "deploy", release, "--by", "growth-team")


def _release(release: str, *statuses: int) -> Callable[[Company], None]:
    """The growth team deploys this release, and users are answered with these statuses."""

    def cause(company: Company) -> None:
        _deploy(company, release)
        company.await_answers(ANSWERS_WHILE_BROKEN, *statuses)

    return cause


def _release_then(release: str, fault: str, *statuses: int) -> Callable[[Company], None]:
    """The growth team deploys this release, and then the wire breaks too."""

    def cause(company: Company) -> None:
        _deploy(company, release)
        company.await_answers(ANSWERS_WHILE_BROKEN, 201)
        company.put_into_wire(PAYMENTS, fault)
        company.await_answers(ANSWERS_WHILE_BROKEN, *statuses)

    return cause


def _under_way(company: Company) -> None:
    before = company.unit("app")["pid"]
    company.keeper("start", "deployment")
    company.must_become(lambda: company.unit("app")["pid"] not in (before, None), "the checkout restarts")
    company.await_answers(ANSWERS_WHILE_BROKEN, 201)


def _killed(company: Company) -> None:
    os.kill(company.unit("app")["pid"], signal.SIGKILL)
    company.must_become(lambda: company.unit("app")["state"] == "crashed", "the killed checkout is noticed")


def _database_down(company: Company) -> None:
    company.keeper("stop", "postgres")
    company.await_answers(ANSWERS_WHILE_BROKEN, *REFUSALS)


def _colleague_opens(company: Company) -> None:
    company.command("featurectl", "on", PAYMENTS, "--reason", "provider maintenance, Tuesday night")
    company.command("breakerctl", "open", PAYMENTS, "--reason", "provider maintenance, Tuesday night")


def _left_open(company: Company) -> None:
    _colleague_opens(company)
    company.await_answers(ANSWERS_WHILE_BROKEN, 202)


def _fallback_left_on(company: Company) -> None:
    company.command("featurectl", "on", PAYMENTS, "--reason", "provider maintenance, Tuesday night")
    company.await_answers(ANSWERS_WHILE_BROKEN, 201)


def _colleague_closes(company: Company) -> None:
    company.command("breakerctl", "auto", PAYMENTS, "--reason", "it looked well to me")


def _queue_left(company: Company) -> None:
    _left_open(company)
    _colleague_closes(company)
    company.await_answers(ANSWERS_WHILE_BROKEN, 201)
    company.command("featurectl", "off", PAYMENTS, "--reason", "it looked well to me")


def _list_cut(company: Company) -> None:
    path = company.layout.dependencies_file
    path.write_bytes(path.read_bytes()[:LEFT_OF_THE_LIST])


def _nobody_orders(company: Company) -> None:
    company.keeper("stop", "users")


def _fallback_off(company: Company) -> None:
    company.command("featurectl", "off", PAYMENTS, "--reason", "we should not take such orders")


def _record_cut(company: Company) -> None:
    path = company.layout.deployments
    *whole, last = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(whole) + last[:LEFT_OF_THE_RECORD])


def _port_taken(company: Company) -> None:
    company.keeper("stop", "app")
    company.keeper("start", "stray")
    company.await_answers(ANSWERS_WHILE_BROKEN, 404, 501)


def _log_rotated(company: Company) -> None:
    """The program that writes it keeps the old file open, and nobody makes a new one."""
    company.layout.answers.rename(company.layout.answers.with_suffix(".jsonl.1"))


def _settings_disk_full(company: Company) -> None:
    """Nothing can be written beside the switches any more: a folder stands where the new file would."""
    company.layout.switches.with_suffix(".new").mkdir()


def _nothing(company: Company) -> None:
    company.await_answers(ANSWERS_WHILE_BROKEN, 201)


_PAYMENTS = contained(PAYMENTS)

FAULTS: dict[str, Fault] = {
    "nothing-broken": Fault("Nothing is broken. A right run changes nothing.", _nothing),
    "bad-release": Fault(
        "The growth team deployed r42 of the checkout, which crashes on every order.", _release("r42", 500)
    ),
    "wrong-address-release": Fault(
        "The growth team deployed r43, which asks the payment provider at an address that does not exist.",
        _release("r43", *REFUSALS),
    ),
    "unmarked-release": Fault(
        "The growth team deployed r44, which tells no customer that an answer is degraded. Then payments broke.",
        _release_then("r44", "refused", *REFUSALS),
        _PAYMENTS,
    ),
    "charged-by-hand": Fault(
        "A colleague charges three orders by hand on the provider's page. They were charged already.",
        lambda company: company.charge_by_hand(3),
    ),
    "deployment-running": Fault("Nothing is broken, and a deployment is under way.", _under_way),
    "checkout-killed": Fault("The kernel killed the checkout. It stays down.", _killed),
    "database-down": Fault("The database of the checkout is down.", _database_down),
    "breaker-left-open": Fault(
        "Payments are well. After a maintenance somebody forgot the open breaker; every order waits.",
        _left_open,
        _PAYMENTS,
    ),
    "breaker-opened": Fault(
        "A colleague turns the fallback on and opens the breaker.", _colleague_opens, _PAYMENTS
    ),
    "breaker-closed": Fault("A colleague gives the breaker back to itself.", _colleague_closes, _PAYMENTS),
    "fallback-left-on": Fault(
        "All is well. After a maintenance somebody forgot that the fallback is on.",
        _fallback_left_on,
        _PAYMENTS,
    ),
    "queue-left": Fault(
        "All is well again. Nobody has charged the orders that were accepted meanwhile.", _queue_left
    ),
    "list-cut": Fault(
        "A full disk cut the list of dependencies. The running checkout read it long ago.", _list_cut
    ),
    "unmarked-now": Fault(
        "The growth team deploys r44, which tells no customer that an answer is degraded.",
        lambda company: _deploy(company, "r44"),
    ),
    "fallback-turned-off": Fault("A colleague turns the fallback off.", _fallback_off, _PAYMENTS),
    "deployment-record-cut": Fault(
        "A full disk cut the record of deployments. deployctl can't read it and says so.", _record_cut
    ),
    "port-taken": Fault("The checkout is down, and another program has taken its port.", _port_taken),
    "log-rotated": Fault("The log of what users get was moved away, and no new one was begun.", _log_rotated),
    "settings-disk-full": Fault(
        "The disk of the checkout's switches is full. Nobody can switch anything.", _settings_disk_full
    ),
    "nobody-orders": Fault("The shop's page is down: nobody orders any more.", _nobody_orders),
}
