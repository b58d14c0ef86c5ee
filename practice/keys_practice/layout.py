"""Where everything lies in a world's folder, and the facts that its parts share."""

import json
from pathlib import Path
from typing import Any, NamedTuple


class Layout(NamedTuple):
    """The paths of one world. Every part of the world is given the folder and finds the rest here."""

    folder: Path

    @property
    def bin(self) -> Path:
        """The commands an operator has on PATH."""
        return self.folder / "bin"

    @property
    def facts_file(self) -> Path:
        """Addresses and ids that the commands need (JSON object of strings)."""
        return self.folder / "world.json"

    @property
    def units_file(self) -> Path:
        """The processes that the keeper may start (JSON object of unit name to unit)."""
        return self.folder / "units.json"

    @property
    def keeper_socket(self) -> Path:
        """Where the keeper takes requests."""
        return self.folder / "keeper.sock"

    @property
    def clerk_socket(self) -> Path:
        """Where the clerk takes calls of commands."""
        return self.folder / "clerk.sock"

    @property
    def keeper_lock(self) -> Path:
        """Locked for as long as the keeper lives; an unlocked one marks a stale world."""
        return self.folder / "keeper.lock"

    @property
    def app(self) -> Path:
        """The webhook service's own folder."""
        return self.folder / "app"

    @property
    def env_file(self) -> Path:
        """The webhook service's settings: `NAME=value` lines, holds secrets."""
        return self.app / "app.env"

    @property
    def env_backup(self) -> Path:
        """The settings as they were before the last `appctl env set`."""
        return self.app / "app.env.bak"

    @property
    def webhook_log(self) -> Path:
        """What the webhook service writes while it works."""
        return self.app / "webhook.log"

    @property
    def releases(self) -> Path:
        """One folder of code per release of the webhook service."""
        return self.app / "releases"

    @property
    def current(self) -> Path:
        """A symbolic link to the release that the service loads when it starts."""
        return self.app / "current"

    @property
    def deployments(self) -> Path:
        """One JSON object per line for every deployment and rollback, oldest first."""
        return self.app / "deployments.jsonl"

    @property
    def deploy_lock(self) -> Path:
        """Locked while a deployment runs."""
        return self.app / "deploy.lock"

    @property
    def records_env(self) -> Path:
        """Where `recordsctl` finds the database: `NAME=value` lines, holds a secret."""
        return self.folder / "records" / "records.env"

    @property
    def letters_env(self) -> Path:
        """The settings of the other team's service."""
        return self.folder / "letters" / "letters.env"

    @property
    def letters_log(self) -> Path:
        """What the other team's service writes while it works."""
        return self.folder / "letters" / "letters.log"

    @property
    def stripe(self) -> Path:
        """The local Stripe's own folder."""
        return self.folder / "stripe"

    @property
    def stripe_database(self) -> Path:
        """The local Stripe's state (SQLite)."""
        return self.stripe / "stripe.db"

    @property
    def stripe_key(self) -> Path:
        """The API key of the local Stripe."""
        return self.stripe / "api.key"

    @property
    def postgres(self) -> Path:
        """PostgreSQL's folder; belongs to the unprivileged user when we are root."""
        return self.folder / "postgres"

    @property
    def postgres_data(self) -> Path:
        """PostgreSQL's cluster."""
        return self.postgres / "data"

    def facts(self) -> dict[str, str]:
        """The addresses and ids of this world, as `World.start` wrote them."""
        facts: dict[str, str] = json.loads(self.facts_file.read_text("utf-8"))
        return facts


def read_env(path: Path) -> dict[str, str]:
    """Parse an environment file of `NAME=value` lines; blank lines and `#` lines are skipped."""
    pairs: dict[str, str] = {}
    for line in path.read_text("utf-8").splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.lstrip().startswith("#"):
            pairs[name.strip()] = value.strip()
    return pairs


def render_env(pairs: dict[str, str]) -> str:
    """The text of an environment file that `read_env` reads back."""
    return "".join(f"{name}={value}\n" for name, value in pairs.items())


def write_json(path: Path, value: Any) -> None:
    """Write `value` as readable JSON."""
    path.write_text(json.dumps(value, indent=1, sort_keys=True) + "\n", "utf-8")
