"""Weaviate's official release archive, taken only if its published SHA-256 matches."""

import hashlib
import re
import shutil
import tarfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

import httpx

URL: Final = "https://github.com/weaviate/weaviate/releases/download"

# A machine without a network finds that out here, and goes on to build.
_TIMEOUT: Final = httpx.Timeout(30.0, connect=5.0)
_PROGRAMS: Final = {"weaviate", "weaviate-server"}


def download(version: str, name: str, scratch: Path, say: Callable[[str], None], url: str = URL) -> Path | None:
    """Return the program out of the archive, in `scratch`; None if there is no archive to be trusted.

    `name` ends in `-<os>-<arch>`. An archive without a published checksum counts as none.
    """
    archive = _archive_name(version, name)
    address = f"{url}/v{version}/{archive}"
    say(f"asking for the release of Weaviate {version}")
    try:
        with httpx.Client(timeout=_TIMEOUT, follow_redirects=True) as client:
            expected = _published_sha256(client, f"{address}.sha256")
            actual = _fetch(client, address, scratch / archive, say)
    except (httpx.HTTPError, ValueError) as error:
        say(f"the release of Weaviate {version} cannot be had ({type(error).__name__}): building it instead")
        return None
    if actual != expected:
        say(f"the release of Weaviate {version} does not match its checksum: building it instead")
        return None
    return _extract(scratch / archive, scratch / "weaviate")


def _archive_name(version: str, name: str) -> str:
    system, machine = name.split("-")[-2:]
    if system == "darwin":
        return f"weaviate-v{version}-darwin-all.zip"
    return f"weaviate-v{version}-{system}-{machine}.tar.gz"


def _published_sha256(client: httpx.Client, address: str) -> str:
    """The digest in a checksum file, which may name the archive after it. Raises ValueError without one."""
    found = re.search(r"\b[0-9a-f]{64}\b", client.get(address).raise_for_status().text.lower())
    if found is None:
        raise ValueError("no SHA-256 in the checksum file")
    return found.group()


def _fetch(client: httpx.Client, address: str, target: Path, say: Callable[[str], None]) -> str:
    digest = hashlib.sha256()
    started = said = time.monotonic()
    done = 0
    with client.stream("GET", address) as response, target.open("wb") as out:
        response.raise_for_status()
        for part in response.iter_bytes(1 << 20):
            digest.update(part)
            done += len(part)
            out.write(part)
            if time.monotonic() - said >= 2:
                said = time.monotonic()
                say(f"downloading Weaviate: {done >> 20} MB, {said - started:.0f} s")
    return digest.hexdigest()


def _extract(archive: Path, target: Path) -> Path | None:
    if archive.suffix == ".zip":
        with zipfile.ZipFile(archive) as packed:
            for member in packed.namelist():
                if Path(member).name in _PROGRAMS:
                    with packed.open(member) as source, target.open("wb") as out:
                        shutil.copyfileobj(source, out)
                    return target
        return None
    with tarfile.open(archive) as packed:
        for member in packed:
            if Path(member.name).name in _PROGRAMS and (source := packed.extractfile(member)):
                with source, target.open("wb") as out:
                    shutil.copyfileobj(source, out)
                return target
    return None
