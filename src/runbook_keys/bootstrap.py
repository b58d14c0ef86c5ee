"""The composition root: the only module that names an adapter."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from runbook_keys.config import MAX_BYTES, Config, config_file, data_folder, read_config
from runbook_keys.drills.result import Judgement
from runbook_keys.errors import RefusedInput
from runbook_keys.executors.bash import BashExecutor
from runbook_keys.executors.human import HumanExecutor
from runbook_keys.executors.landlock import landlock
from runbook_keys.executors.sql import SqlExecutor
from runbook_keys.model.key import Tool
from runbook_keys.model.outcome import Outcome
from runbook_keys.operations.services import Services, nobody
from runbook_keys.ports import (
    Cache,
    Clock,
    Executor,
    KeyCaller,
    KeyRequest,
    Operator,
    Output,
    Progress,
    Task,
    Typesetter,
)
from runbook_keys.stores.notary import Notary
from runbook_keys.stores.sqlite import SqliteStore
from runbook_keys.system import typeset
from runbook_keys.system.anchor_folder import FolderCopies
from runbook_keys.system.cache import FolderCache, code_digest
from runbook_keys.system.clock import SystemClock
from runbook_keys.system.ids import RandomIds
from runbook_keys.system.library import FolderKeyLibrary, FolderLibrary
from runbook_keys.system.machine import ThisMachine
from runbook_keys.system.practice_clock import PracticeClock
from runbook_keys.system.printing import TypstPrinter
from runbook_keys.system.secrets import EnvironmentSecrets
from runbook_keys.system.shellcheck import ShellCheck
from runbook_keys.system.signing import FolderSigner
from runbook_keys.system.time_stamps import FolderStamps

if TYPE_CHECKING:
    from runbook_keys.executors.key.call import KeyTool
    from runbook_keys.executors.key.kernel_shelf import KernelShelf

WAITS_PASS = 600
"""How many times faster waits pass in practice; everything else takes its real time."""


def shipped_library() -> Path:
    """The packs that ship: package data in a wheel, the `library` folder in a checkout."""
    packaged = Path(__file__).with_name("_library")
    return (packaged if packaged.is_dir() else Path(__file__).parents[2] / "library") / "runbooks"


def typesetter() -> Typesetter:
    """What makes PDF pages. It raises PrintingUnavailable when it is used, not here."""
    return typeset


class PracticeWorld:
    """A department of the practice company as drills know it."""

    def __init__(self, name: str, home: Path | None = None, kernels: KernelShelf | None = None) -> None:
        from keys_practice.worlds import world_called

        self._world = world_called(name).start()
        self._home = home
        self._kernels = kernels

    def break_with(self, fault: str) -> None:
        """Break it for real."""
        self._world.break_with(fault)

    def break_further(self, fault: str) -> None:
        """Break it once more while a run goes on."""
        self._world.break_further(fault)

    def inputs(self) -> Mapping[str, str]:
        """The runbook's inputs that are no secrets."""
        return self._world.inputs()

    def judge(self) -> Judgement:
        """What the independent oracle sees."""
        seen = self._world.judge()
        changed = (*seen.changed, *seen.recovered)
        return Judgement(seen.is_healthy, tuple(seen.problems), changed, tuple(seen.changed))

    def services(self) -> AbstractAsyncContextManager[Services]:
        """The services of an operator at the company: its commands, its secrets, a clock whose waits are short."""
        environment = {**os.environ, **self._world.environment(), **self._world.secrets()}
        clock = PracticeClock(WAITS_PASS)
        # The organisation's own values and policy are for real incidents.
        config = Config(inputs=self._world.inputs())
        return services(environment, clock, home=self._home, config=config, kernels=self._kernels)

    def stop(self) -> None:
        """End it completely."""
        self._world.stop()


@asynccontextmanager
async def practice_company() -> AsyncIterator[Callable[[str], PracticeWorld]]:
    """Starts departments by name, as long as drills go on. Their looks at notebooks share warm kernels."""
    from runbook_keys.executors.key.kernel_shelf import KernelShelf

    kernels = KernelShelf()
    try:
        yield partial(PracticeWorld, kernels=kernels)
    finally:
        await kernels.close()


class LateKeys:
    """Calls KEYS, by name or as blocks. What that takes is loaded at the first call: other runs start no slower."""

    def __init__(
        self,
        environment: Mapping[str, str],
        folder: Path,
        cache: Cache,
        more_names: Collection[str],
        kernels: KernelShelf | None,
    ) -> None:
        self._kernels = kernels
        self._environment = environment
        self._folder = folder
        self._cache = cache
        self._more_names = more_names
        self._calls: KeyCaller | None = None

    async def call(self, request: KeyRequest, output: Output) -> Outcome:
        """Call one KEY."""
        return await self._caller().call(request, output)

    async def execute(self, task: Task, output: Output) -> Outcome:
        """Run one `key` block."""
        from runbook_keys.executors.key.executor import KeyExecutor

        return await KeyExecutor(self._caller(), self._environment).execute(task, output)

    async def close(self) -> None:
        """End what was kept warm."""
        if self._calls is not None:
            await self._calls.close()

    def _caller(self) -> KeyCaller:
        if self._calls is None:
            from runbook_keys.executors.key.caller import KeyCalls
            from runbook_keys.executors.key.jupyter import JupyterTool
            from runbook_keys.executors.key.node import NodeTool
            from runbook_keys.executors.key.python import PythonTool

            plots, path = self._folder / "cache" / "matplotlib", self._environment.get("PATH", os.defpath)
            tools: dict[Tool, Callable[[], KeyTool]] = {
                Tool.JUPYTER: lambda: JupyterTool(plots, self._kernels),
                Tool.NODE: lambda: NodeTool(path, self._cache),
                Tool.PYTHON: PythonTool,
            }
            scratch = self._folder / "scratch"
            self._calls = KeyCalls(self._environment, scratch, tools, self._more_names)
        return self._calls


@asynccontextmanager
async def services(
    environment: Mapping[str, str] | None = None,
    clock: Clock | None = None,
    more_names: Collection[str] = (),
    home: Path | None = None,
    config: Config | None = None,
    kernels: KernelShelf | None = None,
    progress: Progress = nobody,
) -> AsyncIterator[Services]:
    """Everything of this process behind its ports, closed again at the end.

    `environment` is what commands and secrets see, `more_names` those of it that commands get besides the usual;
    `home` overrides the folder of the journal, `config` the organisation's `keys.toml`; `kernels` has warm ones for looks;
    `progress` hears how far long work is.
    """
    outside = dict(os.environ if environment is None else environment)
    folder = home or Path(data_folder(outside, Path.home()))
    signer = FolderSigner(folder / "signing")
    store = SqliteStore.open(folder / "journal.db", notary=Notary(signer))
    facts = _config(outside) if config is None else config
    cache = FolderCache(folder / "cache", code_digest(Path(__file__).parent))
    keys = LateKeys(outside, folder, cache, more_names, kernels)
    try:
        yield Services(
            store=store,
            clock=clock or SystemClock(),
            ids=RandomIds(),
            library=FolderLibrary([folder / "runbooks", shipped_library()]),
            keys=FolderKeyLibrary([folder, shipped_library().parent]),
            key_calls=keys,
            machine=ThisMachine(outside.get("PATH", os.defpath), folder, landlock),
            cache=cache,
            secrets=EnvironmentSecrets(outside, folder / "digest.key"),
            signer=signer,
            printer=TypstPrinter(),
            copies=FolderCopies(facts.anchors.folder),
            stamps=FolderStamps(
                folder / "anchors", facts.anchors.time_stamps, facts.anchors.time_stamp_roots
            ),
            executors=_executors(outside, folder, more_names, keys),
            environment=outside,
            config=facts,
            shell=ShellCheck(),
            progress=progress,
        )
    finally:
        await keys.close()
        await store.close()


def _config(environment: Mapping[str, str]) -> Config:
    path = Path(config_file(environment, Path.home()))
    if not path.is_file():
        return Config()
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise RefusedInput(f"{path} can't be read: {error.strerror}. Mend that, then try again.") from error
    return read_config(content, str(path))


def _executors(
    environment: Mapping[str, str], folder: Path, more_names: Collection[str], keys: Executor
) -> Callable[[Operator], Mapping[str, Executor]]:
    def made(operator: Operator) -> Mapping[str, Executor]:
        return {
            "bash": BashExecutor(environment, folder / "scratch", more_names),
            "sql": SqlExecutor(),
            "key": keys,
            "human": HumanExecutor(operator),
        }

    return made
