"""Faults at Stripe: its endpoints, its secrets, and Stripe itself."""

import os
import signal

from keys_practice.company import Company
from keys_practice.endpoints import OUR_EVENTS
from keys_practice.faults.fault import (
    EVENTS_WHILE_BROKEN,
    PAYMENT,
    Fault,
    let_events_be_accepted,
    let_events_fail,
)


def _secret_rolled(company: Company) -> None:
    company.stripe.post(f"/{company.endpoint_id}/roll_secret")
    let_events_fail(company)


def _disabled(company: Company) -> None:
    company.keeper("stop", "app")
    let_events_fail(company)
    company.let_days_pass()
    company.let_happen(EVENTS_WHILE_BROKEN)
    company.command("appctl", "start")


def _disabled_by_hand(company: Company) -> None:
    company.stripe.post(f"/{company.endpoint_id}", disabled=True)


def _other_disabled(company: Company) -> None:
    company.stripe.post(f"/{company.other_endpoint_id}", disabled=True)
    let_events_be_accepted(company)


def _type_unticked(company: Company) -> None:
    kept = [each for each in OUR_EVENTS if each != PAYMENT]
    company.stripe.practise("endpoint", id=company.endpoint_id, enabled_events=kept)
    # Payments happen, and our endpoint is not meant to have them.
    while PAYMENT not in company.types(company.let_happen(EVENTS_WHILE_BROKEN)):
        pass


def _address_wrong(company: Company) -> None:
    url = f"{company.layout.facts()['app_url']}/webhook/stripe"
    company.stripe.practise("endpoint", id=company.endpoint_id, url=url)
    let_events_fail(company)


def _down(company: Company) -> None:
    company.keeper("stop", "stripe")


def _hangs(company: Company) -> None:
    os.kill(company.unit("stripe")["pid"], signal.SIGSTOP)


def _refuses_changes(company: Company) -> None:
    company.stripe.practise("rights", may_change=False)


FAULTS: dict[str, Fault] = {
    "wrong-signing-secret": Fault(
        "Someone rolled the signing secret at Stripe. The service still verifies with the old one and answers 400.",
        _secret_rolled,
        frozenset({"secret", "restart"}),
    ),
    "endpoint-disabled": Fault(
        "The service was down for three days. It is back, but Stripe disabled the endpoint and sends nothing.",
        _disabled,
        frozenset({"endpoint-status", "restart"}),
    ),
    "disabled-by-hand": Fault(
        "Somebody disables our endpoint in Stripe's dashboard, and no event has met that yet.",
        _disabled_by_hand,
        frozenset({"endpoint-status"}),
    ),
    "other-endpoint-disabled": Fault(
        "Our webhooks work. Stripe has disabled the endpoint of the letters team.", _other_disabled
    ),
    "event-type-unticked": Fault(
        "Someone unticked invoice.paid in Stripe's dashboard. Payments are not sent to us any more.",
        _type_unticked,
    ),
    "address-wrong": Fault(
        "Someone mistyped our endpoint's address at Stripe. The service answers 404.", _address_wrong
    ),
    "stripe-down": Fault("Stripe's API gives no answer: connections are refused.", _down),
    "stripe-hangs": Fault("Stripe's API takes connections and never answers.", _hangs),
    "stripe-refuses-changes": Fault(
        "Stripe has restricted our API key: it may look, and it may not enable or resend.", _refuses_changes
    ),
}
