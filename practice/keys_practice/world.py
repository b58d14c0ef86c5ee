"""A world: one company from start to its complete end."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from pathlib import Path
from types import TracebackType

import psycopg

from keys_practice import build, database, folders, keeper_client, oracle
from keys_practice.company import Company
from keys_practice.errors import PracticeError, Unreachable
from keys_practice.faults import FAULTS
from keys_practice.http_client import call
from keys_practice.layout import Layout
from keys_practice.oracle import Verdict
from keys_practice.ports import port_of, reserve
from keys_practice.processes import wait_until

BASELINE_EVENTS = 20
BASELINE_SECONDS = 3600
START_SECONDS = 20
END_SECONDS = 20

OUR_EVENTS = [
    "customer.subscription.created",
    "customer.subscription.updated",
    "customer.subscription.deleted",
    "invoice.paid",
]
LETTERS_EVENTS = ["customer.subscription.created", "customer.subscription.deleted"]


class World:
    """One running company. A context manager; `stop` ends every process and removes the folder."""

    def __init__(self, company: Company, keeper: subprocess.Popen[bytes], parent_pipe: int) -> None:
        self._company = company
        self._keeper = keeper
        self._parent_pipe: int | None = parent_pipe
        self._fault = "nothing-broken"
        self._before = oracle.Snapshot({})

    @classmethod
    def start(cls, folder: Path | None = None) -> World:
        """A healthy company with some history, below `folder` (default: the system's temp folder)."""
        place, lock = folders.make(folder)
        layout = Layout(place)
        held = [reserve() for _ in range(4)]
        ports = build.Ports(*(port_of(each) for each in held))
        made = build.new_secrets()
        build.write_folders(layout, ports, made)
        keeper, pipe = _start_keeper(layout, [lock, *(each.fileno() for each in held)])
        os.close(lock)
        for each in held:
            each.close()
        try:
            company = _furnish(layout, ports, made)
        except BaseException:
            os.close(pipe)
            keeper.wait(END_SECONDS)
            raise
        return cls(company, keeper, pipe)

    @property
    def company(self) -> Company:
        """The company's handles."""
        return self._company

    def break_with(self, fault: str) -> None:
        """Break it for real; returns when the symptom can be seen. Raises PracticeError."""
        if fault not in FAULTS:
            raise PracticeError(f"There is no fault {fault!r}. Faults: {', '.join(FAULTS)}.")
        self._fault = fault
        FAULTS[fault].cause(self._company)
        self._before = oracle.look(self._company)

    def inputs(self) -> dict[str, str]:
        """The runbook's inputs that are no secrets."""
        return {
            "STRIPE_ENDPOINT_ID": self._company.endpoint_id,
            "APP_DATABASE": self._company.databases.reader,
        }

    def secrets(self) -> dict[str, str]:
        """The runbook's secret inputs."""
        return {"APP_DATABASE_ADMIN": self._company.databases.admin}

    def environment(self) -> dict[str, str]:
        """What the operator's shell has: the company's commands first on PATH."""
        return self._company.environment()

    def judge(self, settle_seconds: float = 3.0) -> Verdict:
        """What the oracle sees, at most `settle_seconds` after the call begins to look."""
        fault = FAULTS[self._fault]
        return oracle.judge(self._company, self._before, fault.allowed_changes, settle_seconds)

    def stop(self) -> None:
        """End everything. A second call does nothing."""
        if self._parent_pipe is None:
            return
        os.close(self._parent_pipe)
        self._parent_pipe = None
        try:
            self._keeper.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._keeper.kill()
            self._keeper.wait()
        folders.sweep(self._company.layout.folder.parent)

    def __enter__(self) -> World:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _start_keeper(layout: Layout, descriptors: list[int]) -> tuple[subprocess.Popen[bytes], int]:
    """The keeper, and our end of the pipe by which it learns that we are gone."""
    read_end, write_end = os.pipe()
    passed = [read_end, *descriptors]
    argv = [sys.executable, "-P", str(build.LAUNCH), str(layout.folder), "keeper", *map(str, passed)]
    with (layout.folder / "keeper.out").open("ab") as out:
        keeper = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            pass_fds=passed,
            start_new_session=True,
        )
    os.close(read_end)
    _must(lambda: _answers(layout), "the keeper answers")
    return keeper, write_end


def _answers(layout: Layout) -> bool:
    try:
        keeper_client.ask(layout, "status")
    except Unreachable:
        return False
    return True


def _furnish(layout: Layout, ports: build.Ports, made: build.Secrets) -> Company:
    databases = _database(layout, ports, made)
    build.write_settings(layout, ports, made, databases)
    company = Company(layout, databases, f"we_{secrets.token_hex(8)}", f"we_{secrets.token_hex(8)}")
    keeper_client.ask(layout, "start", "stripe")
    _must(lambda: _listens(ports.stripe), "Stripe listens")
    _add_endpoints(company, ports, made)
    for service, port in (("letters", ports.letters), ("app", ports.app)):
        keeper_client.ask(layout, "start", service)
        _must(lambda port=port: _is_healthy(port), f"{service} is healthy")
    company.let_happen(BASELINE_EVENTS, BASELINE_SECONDS)
    company.must_become(lambda: _all_delivered(company), "the first events are delivered")
    return company


def _database(layout: Layout, ports: build.Ports, made: build.Secrets) -> database.Addresses:
    done = keeper_client.ask(layout, "run", "initdb")["unit"]
    build.password_file(layout).unlink(missing_ok=True)
    if done.get("exit_code") != 0:
        log = (layout.folder / "postgres.log").read_text("utf-8", "replace")[-500:]
        raise PracticeError(f"PostgreSQL's initdb failed: {log}")
    build.write_access_rules(layout)
    keeper_client.ask(layout, "start", "postgres")
    _must(lambda: _listens(ports.postgres), "PostgreSQL listens")
    found: list[database.Addresses] = []

    def is_made() -> bool:
        try:
            found.append(database.create(ports.postgres, made.superuser_password))
        except psycopg.OperationalError:  # still starting up
            return False
        return True

    _must(is_made, "PostgreSQL takes connections")
    return found[0]


def _add_endpoints(company: Company, ports: build.Ports, made: build.Secrets) -> None:
    for endpoint_id, port, secret, team, events in (
        (company.endpoint_id, ports.app, made.app_signing, "payments-team", OUR_EVENTS),
        (company.other_endpoint_id, ports.letters, made.letters_signing, "letters-team", LETTERS_EVENTS),
    ):
        company.stripe.practise(
            "endpoints",
            id=endpoint_id,
            url=f"http://127.0.0.1:{port}/webhooks/stripe",
            secret=secret,
            status="enabled",
            team=team,
            enabled_events=events,
        )


def _all_delivered(company: Company) -> bool:
    both = (company.endpoint_id, company.other_endpoint_id)
    return all(
        each["state"] == "delivered" for one in both for each in company.stripe.get(f"/{one}/deliveries")
    )


def _is_healthy(port: int) -> bool:
    try:
        return call("GET", f"http://127.0.0.1:{port}/healthz", seconds=2).status == 200
    except Unreachable:
        return False


def _listens(port: int) -> bool:
    try:
        call("GET", f"http://127.0.0.1:{port}/", seconds=2)
    except Unreachable as problem:
        return "refused" not in str(problem)
    return True


def _must(is_true: object, words: str) -> None:
    if not wait_until(is_true, START_SECONDS):  # type: ignore[arg-type]
        raise PracticeError(f"The world did not start: {words} within {START_SECONDS} s, it was hoped.")
