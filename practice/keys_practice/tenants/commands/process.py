"""What the commands of both services share: their process, and whether it answers."""

from typing import Any

from keys_practice import http_client, keeper_client
from keys_practice.commands.frame import NO, YES, Result, facts
from keys_practice.errors import Unreachable
from keys_practice.layout import Layout
from keys_practice.processes import wait_until

READY_SECONDS = 5


def status(layout: Layout, unit: str) -> Result:
    """Describe the process as the supervisor sees it."""
    content = keeper_client.unit_status(layout, unit)
    return Result(content, facts(content))


def change(layout: Layout, unit: str, url: str, op: str) -> Result:
    """Start, stop or restart the process; a start waits until it answers."""
    keeper_client.ask(layout, op, unit)
    is_wanted = op != "stop"

    def is_settled() -> bool:
        has_ended = keeper_client.unit_status(layout, unit)["state"] != "running"
        return health(url)["listening"] == is_wanted or (is_wanted and has_ended)

    wait_until(is_settled, READY_SECONDS, pause=0.05)
    content = {**keeper_client.unit_status(layout, unit), "listening": health(url)["listening"]}
    is_running = content["state"] == "running"
    is_done = (content["listening"], is_running) == (is_wanted, is_wanted)
    return Result(content, facts(content), YES if is_done else NO)


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
