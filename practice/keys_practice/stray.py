"""A program that listens where the webhook service should, and answers everything alike: 404, or what STRAY_STATUS says."""

import os
from pathlib import Path

from keys_practice.http_server import Reply, Request, serve

STATUS_VARIABLE = "STRAY_STATUS"


def _answer(request: Request) -> Reply:  # noqa: ARG001 - it answers everything alike
    words = "this is the seed catalogue's preview; there is nothing at this address"
    return Reply(int(os.environ.get(STATUS_VARIABLE, "404")), {"error": words})


def main(folder: Path, arguments: list[str]) -> int:  # noqa: ARG001 - every part is started alike
    """Serve until ended. Argument: the port."""
    serve(int(arguments[0]), _answer)
    return 0
