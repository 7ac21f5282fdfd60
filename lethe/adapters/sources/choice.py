"""The reader for each kind of source. A new kind is a file beside this one and a line in each of the two methods."""

from pathlib import Path
from typing import assert_never

from lethe.adapters.sources.folder import FolderReader, check_folder
from lethe.adapters.sources.git.addresses import check_git
from lethe.adapters.sources.git.reader import GitReader
from lethe.adapters.sources.object_store import ObjectStoreReader, check_object_store
from lethe.adapters.sources.web.reader import WebReader, check_web
from lethe.errors import SourceAddressRefused
from lethe.model.sources import SourceAddress, SourceFilters, SourceKind
from lethe.ports.sources import SourceReader
from lethe.settings import SourceSettings

_MAX_CHARACTERS = 2048


class ConfiguredReaders:
    """The `SourceReaders` port. ``scratch`` is for copies in clear text; a process that only checks needs none."""

    def __init__(self, settings: SourceSettings, scratch: Path | None = None) -> None:
        self._settings = settings
        self._scratch = scratch

    def check(self, source: SourceAddress) -> None:
        if len(source.address) > _MAX_CHARACTERS:
            raise SourceAddressRefused("It is too long.")
        match source.kind:
            case SourceKind.FOLDER:
                check_folder(source, self._settings)
            case SourceKind.OBJECT_STORE:
                check_object_store(source, self._settings)
            case SourceKind.WEB:
                check_web(source, self._settings)
            case SourceKind.GIT:
                check_git(source, self._settings)
            case _:
                assert_never(source.kind)

    async def open(self, source: SourceAddress, filters: SourceFilters) -> SourceReader:
        self.check(source)
        match source.kind:
            case SourceKind.FOLDER:
                return await FolderReader.open(source, filters, self._settings)
            case SourceKind.OBJECT_STORE:
                return await ObjectStoreReader.open(source, filters, self._settings)
            case SourceKind.WEB:
                return await WebReader.open(source, filters, self._settings)
            case SourceKind.GIT:
                return await GitReader.open(source, filters, self._settings, self._scratch)
            case _:
                assert_never(source.kind)
