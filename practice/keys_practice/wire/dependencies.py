"""The dependencies of the checkout: what one must know to call one."""

import json
from typing import NamedTuple

from keys_practice.wire.layout import WireLayout


class Dependency(NamedTuple):
    """What one must know to call it. `seconds` is how long one waits for an answer."""

    name: str
    url: str
    key: str
    seconds: float
    ca_file: str


def dependencies(layout: WireLayout) -> dict[str, Dependency]:
    """All of them, by name. Raises OSError or ValueError when the file can't be read."""
    known = json.loads(layout.dependencies_file.read_text("utf-8"))
    ca_file = str(layout.tls / "ca.pem")
    return {
        name: Dependency(name, each["url"], each["key"], float(each["seconds"]), ca_file)
        for name, each in known.items()
    }
