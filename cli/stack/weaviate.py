"""The Weaviate binary: from the cache, else from the official release, else built from its Go module.

No package ships it. All three ways end in one atomic rename, so the cached path is a whole binary or absent.
"""

import os
import platform
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from cli.errors import CommandError
from cli.stack import build, release
from cli.stack.locks import held, try_lock

VERSION: Final = "1.39.0"

Say = Callable[[str], None]

_MACHINES: Final = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def binary_path(cache: Path) -> Path:
    """Where the binary for this machine is, or will be. Raises CommandError on an unknown processor."""
    system = platform.system().lower()
    machine = _MACHINES.get(platform.machine().lower())
    if machine is None or system not in {"linux", "darwin"}:
        raise CommandError(
            f"there is no Weaviate {VERSION} for {platform.system()} on {platform.machine()}",
            advice="run Weaviate elsewhere and set WEAVIATE_URL and WEAVIATE_API_KEY",
        )
    return cache / f"weaviate-{VERSION}-{system}-{machine}"


def is_cached(cache: Path) -> bool:
    """Whether the binary can be started now."""
    return os.access(binary_path(cache), os.X_OK)


def ensure_binary(cache: Path, say: Say, release_url: str = release.URL) -> Path:
    """Return the path of the binary, fetching or building it first; `say` gets a line every few seconds.

    Raises CommandError when neither the release nor a build can be had; nothing is left behind then.
    """
    target = binary_path(cache)
    if os.access(target, os.X_OK):
        return target
    with held(_wait_for_lock(cache / f"weaviate-{VERSION}.lock", say)):
        if os.access(target, os.X_OK):
            return target
        for abandoned in cache.glob(f"weaviate-{VERSION}-*/"):
            shutil.rmtree(abandoned, ignore_errors=True)
        scratch = Path(tempfile.mkdtemp(prefix=f"weaviate-{VERSION}-", dir=cache))
        try:
            found = release.download(VERSION, target.name, scratch, say, release_url)
            binary = found or build.build(build.weaviate(VERSION), scratch, say) / "weaviate-server"
            binary.chmod(0o755)
            binary.replace(target)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    return target


def _wait_for_lock(path: Path, say: Say) -> int:
    started = time.monotonic()
    while (descriptor := try_lock(path)) is None:
        say(f"another process is preparing Weaviate {VERSION}: waiting, {time.monotonic() - started:.0f} s")
        time.sleep(2)
    return descriptor
