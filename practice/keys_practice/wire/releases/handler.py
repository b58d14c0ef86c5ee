"""What the checkout asks of its dependencies, and what it tells a customer. One file for each release."""

from typing import Any

PATHS = {"payments": "/v1/charges", "addresses": "/v1/address-checks"}


def request_for(dependency: str, order: dict[str, Any]) -> tuple[str, dict[str, Any], str]:
    """Path, body and idempotency key of what is asked of a dependency for this order."""
    body = {"order": order["id"], "amount_cents": order["amount_cents"], "postcode": order["postcode"]}
    return PATHS[dependency], body, f"{dependency}-{order['id']}"


def full_answer(order: dict[str, Any], charged_cents: int, zone: int) -> dict[str, Any]:
    """What a customer is told when everything was done."""
    return {
        "order": order["id"],
        "state": "paid",
        "degraded": False,
        "charged_cents": charged_cents,
        "zone": zone,
    }


def degraded_answer(order: dict[str, Any], later: list[str]) -> dict[str, Any]:
    """What a customer is told when something will be done later; it must say so."""
    return {
        "order": order["id"],
        "state": "accepted",
        "degraded": True,
        "notice": f"We have your order. Still to come: {', '.join(later)}. We will write to you.",
    }
