"""A program that has nothing to do with webhooks and listens where the webhook service should: 404 to everything."""

from pathlib import Path

from keys_practice.http_server import Reply, Request, serve


def _answer(request: Request) -> Reply:  # noqa: ARG001 - it answers everything alike
    return Reply(404, {"error": "this is the seed catalogue's preview; there is nothing at this address"})


def main(folder: Path, arguments: list[str]) -> int:  # noqa: ARG001 - every part is started alike
    """Serve until ended. Argument: the port."""
    serve(int(arguments[0]), _answer)
    return 0
