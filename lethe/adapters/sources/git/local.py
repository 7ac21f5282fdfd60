"""Repositories of this machine's: nothing of one may lead out of the folders that the operator allows."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from lethe.adapters.sources.naming import is_inside
from lethe.errors import SourceAddressRefused, SourceMissing, SourceUnavailable

_SHARING: Final = ("objects/info/alternates", "objects/info/http-alternates", "commondir", ".git")
"""Where a repository names another one, whose objects it has too."""


def own_repository(address: str, bases: Sequence[str]) -> str:
    """Where git finds everything of `file:///path`. Raises SourceAddressRefused, SourceMissing, SourceUnavailable."""
    root = os.path.realpath(unquote(address.removeprefix("file://")))
    if not any(is_inside(root, os.path.realpath(unquote(base.removeprefix("file://")))) for base in bases):
        raise SourceAddressRefused("It is a link that leads out of those of `sources.repositories`.")
    inner = Path(root, ".git")
    own = inner if inner.is_dir() else Path(root)
    if not Path(own, "objects").is_dir():
        raise SourceMissing
    if inner.is_symlink() or inner.is_file() or any(Path(own, name).exists() for name in _SHARING):
        raise SourceAddressRefused("The repository names another one.")
    if _has_link(own):
        raise SourceAddressRefused("The repository has links in it.")
    return f"file://{own}"


def _has_link(folder: Path) -> bool:
    def refuse(error: OSError) -> None:
        raise SourceUnavailable from error

    for at, folders, files in os.walk(folder, onerror=refuse):
        if any(Path(at, name).is_symlink() for name in (*folders, *files)):
            return True
    return False
