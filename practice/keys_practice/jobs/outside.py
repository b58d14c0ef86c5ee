"""The companies that jobs need, as commands ask them: the mail sender, and the address service where orders need it too."""

import json
import subprocess
from pathlib import Path
from typing import Any

from keys_practice import http_client
from keys_practice.errors import Unreachable
from keys_practice.jobs.places import WIRE
from keys_practice.layout import Layout

ADDRESS_SERVICE = "addresses"
PROBE_SECONDS = 10


def mail_status(layout: Layout) -> int:
    """What the mail sender's health page answers; 0: nothing."""
    try:
        return http_client.call("GET", f"{layout.facts()['mail_url']}/healthz", seconds=3).status
    except Unreachable:
        return 0


def companies(layout: Layout) -> list[dict[str, Any]]:
    """Each one that jobs need: name and is_well. Raises Unreachable when one can't be asked."""
    found = [{"name": "mail", "is_well": mail_status(layout) == 200}]
    folder = layout.facts().get(WIRE)
    return [*found, _probed(Path(folder))] if folder else found


def _probed(folder: Path) -> dict[str, Any]:
    """What the selling department's own command says: the wire speaks TLS, which ours do without."""
    asked = [str(folder / "bin" / "depctl"), "probe", ADDRESS_SERVICE, "--tries", "2", "--json"]
    done = subprocess.run(asked, capture_output=True, text=True, timeout=PROBE_SECONDS, check=False)
    if not done.stdout:
        raise Unreachable(f"depctl can't say how {ADDRESS_SERVICE} is: {done.stderr.strip()}")
    return {"name": ADDRESS_SERVICE, "is_well": json.loads(done.stdout)["is_well"]}
