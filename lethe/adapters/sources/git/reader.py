"""Files of a git repository's newest commit, read from a copy without history that is never checked out."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import aclosing
from dataclasses import replace
from math import ceil
from pathlib import Path
from typing import Final

from lethe.adapters.sources.credentials import credentials_of
from lethe.adapters.sources.git.addresses import check_git, found_repository
from lethe.adapters.sources.git.local import own_repository
from lethe.adapters.sources.git.program import Git, Limits, find_git
from lethe.adapters.sources.limits import at_most, no_larger, refuse_larger
from lethe.adapters.sources.naming import file_name, uri_path
from lethe.adapters.sources.web.fetching import Fetcher
from lethe.errors import (
    SourceItemChanged,
    SourceItemGone,
    SourceMissing,
    SourceTimedOut,
    SourceTooManyItems,
    SourceUnavailable,
)
from lethe.model.sources import SourceAddress, SourceFilters, SourceItem
from lethe.settings import SourceSettings

_NOTHING_FOUND: Final = 2
"""What `git ls-remote --exit-code` ends with when the repository answers and has no such branch."""
_FILE_MODES: Final = ("100644", "100755")
"""Neither links nor submodules."""
_COPY: Final = "copy"
_PIECE_SECONDS: Final = 60.0
_MOST_ENTRIES: Final = 1_000_000
"""Files that are looked through, be they taken or not."""
_LONGEST_LINE: Final = 64 * 1024


class GitReader:
    """The `SourceReader` port. An item's revision is its blob's id."""

    def __init__(self, git: Git, items: dict[str, SourceItem], filters: SourceFilters, seconds: float) -> None:
        self._git: Final = git
        self._found: Final = items
        self._filters: Final = filters
        self._seconds: Final = seconds

    @classmethod
    async def open(
        cls, source: SourceAddress, filters: SourceFilters, settings: SourceSettings, scratch: Path | None
    ) -> "GitReader":
        """Copies the newest commit. Raises what the port says."""
        check_git(source, settings)
        folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="git-", dir=scratch))
        try:
            git = await _copied(source, settings, folder)
            async with asyncio.timeout(settings.clone_seconds):
                items = {item.key: item async for item in at_most(_listed(git, source, filters), filters.max_items)}
        except TimeoutError as error:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
            raise SourceTimedOut from error
        except BaseException:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
            raise
        return cls(git, items, filters, settings.clone_seconds)

    def items(self) -> AsyncIterator[SourceItem]:
        return at_most(self._items(), self._filters.max_items)

    async def item(self, key: str) -> SourceItem | None:
        return self._found.get(key)

    async def holds_beside(self, key: str) -> bool:
        return True

    def read(self, item: SourceItem) -> AsyncIterator[bytes]:
        return no_larger(self._read(item), self._filters.max_item_bytes)

    async def close(self) -> None:
        await asyncio.to_thread(shutil.rmtree, self._git.folder, ignore_errors=True)

    async def _items(self) -> AsyncGenerator[SourceItem]:
        for item in self._found.values():
            yield item

    async def _read(self, item: SourceItem) -> AsyncGenerator[bytes]:
        now = self._found.get(item.key)
        if now is None:
            raise SourceItemGone
        if now.revision != item.revision:
            raise SourceItemChanged
        refuse_larger(now.size, self._filters.max_item_bytes)
        try:
            async for piece in self._git.pieces(*_IN_COPY, "cat-file", "blob", now.revision, seconds=self._seconds):
                yield piece
        except EOFError as error:
            raise SourceUnavailable from error


_IN_COPY: Final = ("--git-dir", _COPY)


async def _copied(source: SourceAddress, settings: SourceSettings, folder: Path) -> Git:
    """git, with the newest commit in the folder. Raises SourceMissing, SourceUnavailable and what finding raises."""
    fetcher = Fetcher(settings, source.tenant_id, credentials_of(source, settings))
    limits = Limits(ceil(settings.clone_seconds), settings.git_memory_bytes)
    await find_git(folder, limits, {})
    try:
        repository = check_git(source, settings)
        if repository.web is None:
            bases = [base.replace("{tenant}", source.tenant_id) for base in settings.repositories]
            own = await asyncio.to_thread(own_repository, repository.address, bases)
            repository = replace(repository, address=own)
        repository, configuration = await found_repository(repository, fetcher)
    finally:
        await fetcher.close()
    git = await find_git(folder, limits, configuration)
    wanted = repository.branch or "HEAD"
    code = await git.run("ls-remote", "--exit-code", "--", repository.address, wanted, seconds=settings.clone_seconds)
    if code == _NOTHING_FOUND:
        raise SourceMissing("The repository has no commit on that branch.")
    if code == 0:
        branch = ["--branch", repository.branch] if repository.branch else []
        how = ["--bare", "--depth", "1", "--single-branch", "--no-tags", "--template=", "--quiet", *branch]
        arguments = ("clone", *how, "--", repository.address, _COPY)
        code = await git.run(*arguments, seconds=settings.clone_seconds, file_bytes=settings.clone_bytes)
    if code != 0:
        raise SourceUnavailable("git cannot copy the repository, or not within the limits of `sources.*`.")
    return git


async def _listed(git: Git, source: SourceAddress, filters: SourceFilters) -> AsyncGenerator[SourceItem]:
    """As git writes them: a few trees that name each other can stand for more files than there is memory."""
    entries, left = 0, b""
    arguments = (*_IN_COPY, "ls-tree", "-r", "-z", "-l", "--full-tree", "HEAD")
    async with aclosing(git.pieces(*arguments, seconds=_PIECE_SECONDS)) as pieces:
        try:
            async for piece in pieces:
                *lines, left = (left + piece).split(b"\0")
                entries += len(lines)
                if entries > _MOST_ENTRIES or len(left) > _LONGEST_LINE:
                    raise SourceTooManyItems("The repository's trees name too many files, or too long ones.")
                for item in _items(lines, source.address, filters):
                    yield item
        except EOFError as error:
            raise SourceUnavailable("The copy of the repository cannot be listed.") from error


def _items(lines: Sequence[bytes], address: str, filters: SourceFilters) -> Iterator[SourceItem]:
    """Of entries: mode, kind, id and size, a tab, the path."""
    repository, _, branch = address.partition("#")
    base = f"{repository.rstrip('/')}#{branch}:" if branch else f"{repository.rstrip('/')}#"
    for line in lines:
        facts, _, name = line.partition(b"\t")
        mode, _, revision, size = facts.decode("ascii").split()
        path = name.decode(errors="surrogateescape")
        if mode in _FILE_MODES and filters.lets_through(path):
            key = uri_path(path)
            yield SourceItem(key, f"{base}{key}", file_name(path), revision, int(size))
