"""depctl: asks a dependency itself, past the checkout and its breaker. Does nothing there."""

import argparse
import threading
import time
from pathlib import Path
from typing import Any

from keys_practice.commands.frame import NO, YES, Command, Result, facts, table
from keys_practice.jobs.commands import ask
from keys_practice.layout import Layout
from keys_practice.wire import answers
from keys_practice.wire.calling import Heard, call
from keys_practice.wire.commands import service
from keys_practice.wire.dependencies import Dependency

SLOW_MS = 2000
SLOW_ALLOWED = 0.2  # two of ten: a hiccup of ours, no failure of theirs
BETWEEN_SECONDS = 0.03
TRIES = 10
OUR_PAUSE = "incident: company down (A5)"
"""The words with which the jobs runbook pauses the queue. Any other pause is somebody else's."""
JOBS = "jobs_folder"
"""The fact that names the folder of the jobs department, where there is one."""
KINDS = (
    "healthy refused unresolved timed_out reset tls_failed rate_limited errors bad_checksum wrong_value slow"
).split()

HOW = {
    "refused": "refused",
    "unresolved": "unresolved",
    "timed-out": "timed_out",
    "reset": "reset",
    "tls": "tls_failed",
}


def listing(layout: Layout, asked: argparse.Namespace) -> Result:  # noqa: ARG001 - every verb is called alike
    """List the dependencies."""
    content = [
        {"name": each.name, "url": each.url, "seconds": each.seconds}
        for each in service.all_dependencies(layout).values()
    ]
    return Result(content, table([[each["name"], each["url"], each["seconds"]] for each in content]))


def probe(layout: Layout, asked: argparse.Namespace) -> Result:
    """Ask for the known answer several times and say how each went."""
    dependency = service.dependency(layout, asked.name)
    content = _probed(dependency, asked.tries)
    return Result(content, facts(content), YES if content["is_well"] else NO)


def others(layout: Layout, asked: argparse.Namespace) -> Result:
    """Probe every dependency but the one named."""
    service.dependency(layout, asked.name)
    known = service.all_dependencies(layout)
    content = [_probed(each, asked.tries) for name, each in known.items() if name != asked.name]
    words = "\n\n".join(facts(each) for each in content)
    return Result(content, words, YES if all(each["is_well"] for each in content) else NO)


def dependents(layout: Layout, asked: argparse.Namespace) -> Result:
    """Say what else of ours uses the dependency, and what of that failed because of it and is still left."""
    service.dependency(layout, asked.name)
    folder = layout.facts().get(JOBS)
    queues = [_queue(Layout(Path(folder)), asked.name)] if folder else []
    content = {"name": asked.name, "left": sum(each["left"] for each in queues), "dependents": queues}
    return Result(content, facts({"name": asked.name, "left": content["left"]}))


def certificate(layout: Layout, asked: argparse.Namespace) -> Result:
    """Say why the certificate is refused, in the words of the TLS library; exit 0 when it is accepted."""
    heard = call(service.dependency(layout, asked.name), "GET", "/v1/known-answer")
    content = {"name": asked.name, "accepted": heard.how != "tls", "words": heard.words}
    return Result(content, facts(content), YES if content["accepted"] else NO)


def main(folder: Path, arguments: list[str]) -> int:
    """Run depctl."""
    command = Command("depctl", "The companies that the checkout depends on, asked directly. Reads only.")
    command.verb("list", "name and address of each", listing)
    one = command.verb(
        "probe", "ask for the known answer; exit 0 when every answer was right and four of five fast", probe
    )
    rest = command.verb("probe-others", "the same for every dependency but NAME", others)
    for parser in (one, rest):
        parser.add_argument("name", metavar="NAME")
        parser.add_argument("--tries", type=int, default=TRIES, metavar="N", help=f"default {TRIES}")
    beside = command.verb(
        "dependents", "what else of ours uses it, and what of that is left behind", dependents
    )
    beside.add_argument("name", metavar="NAME")
    shown = command.verb("certificate", "is its certificate accepted, and if not, why", certificate)
    shown.add_argument("name", metavar="NAME")
    return command.run(folder, arguments)


def _queue(layout: Layout, name: str) -> dict[str, Any]:
    """Jobs that died of it, and jobs that are held back because the jobs runbook has paused the queue."""
    died = [each for each in ask.desk(layout, "dead")["jobs"] if str(each["error"]).startswith(f"{name}: ")]
    standing = ask.desk(layout, "status")
    is_held = standing["paused"] and standing["paused_because"] == OUR_PAUSE
    left = len(died) + ((standing["queued"] or 1) if is_held else 0)
    return {"name": "queue", "failed": len(died), "is_held": is_held, "left": left}


def _probed(dependency: Dependency, tries: int) -> dict[str, Any]:
    heard: list[Heard] = []
    asking = [
        threading.Thread(
            target=lambda: heard.append(call(dependency, "GET", "/v1/known-answer")), daemon=True
        )
        for _ in range(tries)
    ]
    for thread in asking:
        thread.start()
        time.sleep(BETWEEN_SECONDS)
    for thread in asking:
        thread.join()
    kinds = [_kind(each, dependency) for each in heard]
    times = sorted(each.ms for each in heard)
    waits = [each.retry_after_seconds for each in heard if each.retry_after_seconds is not None]
    return {
        "name": dependency.name,
        "tries": tries,
        **{kind: kinds.count(kind) for kind in KINDS},
        "p95_ms": times[len(times) * 95 // 100] if times else 0,
        "retry_after_seconds": max(waits, default=None),
        "is_well": kinds.count("healthy") + kinds.count("slow") == tries
        and kinds.count("slow") <= tries * SLOW_ALLOWED,
    }


def _kind(heard: Heard, dependency: Dependency) -> str:
    if heard.how != "answered":
        return HOW.get(heard.how, "errors")
    if heard.status != 200:
        return "rate_limited" if heard.status == 429 else "errors"
    if not answers.is_sound(heard.content, dependency.key):
        return "bad_checksum"
    if heard.content["value"] != answers.value_for(dependency.name, answers.KNOWN_REQUEST):
        return "wrong_value"
    return "slow" if heard.ms > SLOW_MS else "healthy"
