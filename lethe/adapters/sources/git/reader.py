"""Files of a git repository's newest commit, read from a copy without history that is never checked out."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from pathlib import Path
from typing import Final

from lethe.adapters.sources.credentials import credentials_of
from lethe.adapters.sources.git.addresses import check_git, found_repository
from lethe.adapters.sources.git.program import Git, find_git
from lethe.adapters.sources.limits import at_most, no_larger, refuse_larger
from lethe.adapters.sources.naming import file_name, uri_path
from lethe.adapters.sources.web.fetching import Fetcher
from lethe.errors import SourceItemChanged, SourceItemGone, SourceMissing, SourceUnavailable
from lethe.model.sources import SourceAddress, SourceFilters, SourceItem
from lethe.settings import SourceSettings

_NOTHING_FOUND: Final = 2
"""What `git ls-remote --exit-code` ends with when the repository answers and has no such branch."""
_FILE_MODES: Final = ("100644", "100755")
"""Neither links nor submodules."""
_COPY: Final = "copy"


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
            items = {item.key: item for item in await _listed(git, source, filters, settings.clone_seconds)}
        except BaseException:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
            raise
        return cls(git, items, filters, settings.clone_seconds)

    def items(self) -> AsyncIterator[SourceItem]:
        return at_most(self._items(), self._filters.max_items)

    async def item(self, key: str) -> SourceItem | None:
        return self._found.get(key)

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
    await find_git(folder, {})
    try:
        repository, configuration = await found_repository(check_git(source, settings), fetcher)
    finally:
        await fetcher.close()
    git = await find_git(folder, configuration)
    wanted = repository.branch or "HEAD"
    code, _ = await git.run(
        "ls-remote", "--exit-code", "--", repository.address, wanted, seconds=settings.clone_seconds
    )
    if code == _NOTHING_FOUND:
        raise SourceMissing("The repository has no commit on that branch.")
    if code == 0:
        branch = ["--branch", repository.branch] if repository.branch else []
        how = ["--bare", "--depth", "1", "--single-branch", "--no-tags", "--template=", "--quiet", *branch]
        arguments = ("clone", *how, "--", repository.address, _COPY)
        code, _ = await git.run(*arguments, seconds=settings.clone_seconds, file_bytes=settings.clone_bytes)
    if code != 0:
        raise SourceUnavailable("git cannot copy the repository, or it is larger than `sources.clone_bytes`.")
    return git


async def _listed(git: Git, source: SourceAddress, filters: SourceFilters, seconds: float) -> list[SourceItem]:
    code, tree = await git.run(*_IN_COPY, "ls-tree", "-r", "-z", "-l", "--full-tree", "HEAD", seconds=seconds)
    if code != 0:
        raise SourceUnavailable("The copy of the repository cannot be listed.")
    return list(_items(tree, source.address, filters))


def _items(tree: bytes, address: str, filters: SourceFilters) -> Iterator[SourceItem]:
    """From entries as git writes them: mode, kind, id and size, a tab, the path, a zero byte."""
    repository, _, branch = address.partition("#")
    base = f"{repository.rstrip('/')}#{branch}:" if branch else f"{repository.rstrip('/')}#"
    for line in filter(None, tree.split(b"\0")):
        facts, _, name = line.partition(b"\t")
        mode, _, revision, size = facts.decode("ascii").split()
        path = name.decode(errors="surrogateescape")
        if mode in _FILE_MODES and filters.lets_through(path):
            key = uri_path(path)
            yield SourceItem(key, f"{base}{key}", file_name(path), revision, int(size))
