"""Faults of the webhook service's process, its settings and its host."""

import os
import signal

from keys_practice.company import Company
from keys_practice.faults.fault import Fault, let_events_be_accepted, let_events_fail
from keys_practice.layout import read_env, render_env
from keys_practice.stray import STATUS_VARIABLE

CLOCK_OFFSET_SECONDS = -900


def _kill(company: Company) -> None:
    os.kill(company.unit("app")["pid"], signal.SIGKILL)
    company.must_become(lambda: company.unit("app")["state"] == "crashed", "the killed service is noticed")


def _not_running(company: Company) -> None:
    _kill(company)
    let_events_fail(company)


def _colleague_starts_it(company: Company) -> None:
    company.command("appctl", "start")


def _port_taken(company: Company) -> None:
    company.keeper("stop", "app")
    company.keeper("start", "stray")
    company.must_become(company.is_listening, "the other program listens on the service's port")
    let_events_fail(company)


def _proxy_answers(company: Company) -> None:
    """The service is gone, so nothing of this is in its log."""
    company.keeper("stop", "app")
    company.set_environment("stray", STATUS_VARIABLE, "503")
    company.keeper("start", "stray")
    company.must_become(company.is_listening, "the proxy listens on the service's port")
    let_events_fail(company)


def _settings_broken(company: Company) -> None:
    """Somebody saved half of the settings file; the running service has read the whole one long ago."""
    path = company.layout.env_file
    settings = read_env(path)
    del settings["DATABASE_URL"]
    path.write_text(render_env(settings), "utf-8")


def _clock_wrong(company: Company) -> None:
    company.set_environment("app", "HOST_CLOCK_OFFSET_SECONDS", str(CLOCK_OFFSET_SECONDS))
    company.command("appctl", "restart")
    let_events_fail(company)


def _colleague_mends_the_secret(company: Company) -> None:
    company.stripe.post(f"/{company.endpoint_id}/roll_secret")
    let_events_fail(company)
    settings = read_env(company.layout.env_file)
    settings["STRIPE_WEBHOOK_SECRET"] = company.stripe.get(f"/{company.endpoint_id}/secret")["secret"]
    company.layout.env_file.write_text(render_env(settings), "utf-8")
    company.command("appctl", "restart")
    let_events_be_accepted(company)


_RESTART = frozenset({"restart"})

FAULTS: dict[str, Fault] = {
    "service-not-running": Fault(
        "The kernel killed the service for want of memory. It stays down and nothing listens.",
        _not_running,
        _RESTART,
    ),
    "service-dies": Fault(
        "The service is killed this moment, and no event has met that yet.", _kill, _RESTART
    ),
    "service-comes-back": Fault(
        "A colleague starts the service again and tells nobody.", _colleague_starts_it, _RESTART
    ),
    "port-taken": Fault(
        "The service is down, and another program has taken its port and answers 404.",
        _port_taken,
        _RESTART,
    ),
    "proxy-answers": Fault(
        "The service is down, and the proxy before it answers 503 in its place.", _proxy_answers, _RESTART
    ),
    "settings-broken": Fault(
        "Somebody saved app.env without DATABASE_URL. The service runs on, and can't start again.",
        _settings_broken,
    ),
    "clock-wrong": Fault(
        "The clock of the service's host is 15 minutes slow. Right signatures look old and are refused.",
        _clock_wrong,
    ),
    "mended-by-a-colleague": Fault(
        "The secret was rolled, and a colleague has mended that. The events of the time between are missing.",
        _colleague_mends_the_secret,
    ),
}
