"""An operator of the practice company: runs its commands in a shell, as a runbook does."""

import json
import subprocess
from typing import Any, NamedTuple

from keys_practice.world import World

PATIENCE_SECONDS = 60


class Said(NamedTuple):
    """What a command line came to."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        """The output as JSON."""
        return json.loads(self.stdout)


class Operator:
    """Runs command lines with the environment and the inputs that the world gives."""

    def __init__(self, world: World) -> None:
        self._environment = {**world.environment(), **world.inputs()}

    def run(self, line: str, stdin: str = "") -> Said:
        """Run a line in bash and say what it came to."""
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", line],
            env=self._environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        return Said(done.returncode, done.stdout, done.stderr)

    def must(self, *lines: str) -> None:
        """Run lines that all have to succeed."""
        for line in lines:
            said = self.run(line)
            assert said.exit_code == 0, f"{line}: {said}"

    def see(self, line: str) -> Any:
        """Run a line with --json and return what it says, whatever its exit code."""
        said = self.run(f"{line} --json")
        assert said.stdout, f"{line}: {said}"
        return said.json
