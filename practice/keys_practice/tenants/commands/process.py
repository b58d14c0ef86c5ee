"""What the commands of both services share: their process, and whether it answers."""

from typing import Any

from keys_practice import http_client, keeper_client
from keys_practice.commands.frame import NO, YES, Result, facts
from keys_practice.errors import Unreachable
from keys_practice.layout import Layout
from keys_practice.processes import wait_until

READY_SECONDS = 8


def status(layout: Layout, unit: str) -> Result:
    """Describe the process as the supervisor sees it."""
    content = keeper_client.unit_status(layout, unit)
    return Result(content, facts(content))


def change(layout: Layout, unit: str, url: str, op: str) -> Result:
    """Start, stop or restart the process; a start waits until it answers."""
    keeper_client.ask(layout, op, unit)
    is_wanted = op != "stop"
    wait_until(lambda: health(url)["listening"] == is_wanted, READY_SECONDS, pause=0.05)
    content = {**keeper_client.unit_status(layout, unit), "listening": health(url)["listening"]}
    return Result(content, facts(content), YES if content["listening"] == is_wanted else NO)


def asked_health(url: str) -> Result:
    """Ask the service how it is. A read."""
    content = health(url)
    return Result(content, facts(content), YES if content["http_status"] == 200 else NO)


def health(url: str) -> dict[str, Any]:
    """Whether something listens, the HTTP status (0: nothing), and whether its database answers it."""
    try:
        answer = http_client.call("GET", f"{url}/health", seconds=5)
    except Unreachable:
        return {"listening": False, "http_status": 0, "database": "unknown"}
    database = {200: "ok", 503: "refused"}.get(answer.status, "unknown")
    return {"listening": True, "http_status": answer.status, "database": database}
