"""Where documents are taken from by themselves: what a source is called, holds, and lets through."""

from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase

from lethe.model.ids import Id


class SourceKind(StrEnum):
    """``object_store``: one without folders that fsspec can read. ``web``: one page, or the pages of a sitemap."""

    FOLDER = "folder"
    OBJECT_STORE = "object_store"
    WEB = "web"
    GIT = "git"


@dataclass(frozen=True, slots=True)
class SourceAddress:
    """Whose source it is and where. ``credentials`` names an entry of the settings; it is no secret itself."""

    tenant_id: Id
    kind: SourceKind
    address: str
    credentials: str = ""


@dataclass(frozen=True, slots=True)
class SourceFilters:
    """What of a source is taken.

    Patterns are of paths below the address: ``*`` and ``?`` stay inside a segment, ``**`` spans segments, and a pattern
    without a slash is of the last segment. No ``include`` is all. More than ``max_items`` is an error of the whole
    listing; an item over ``max_item_bytes`` is listed, since it is there, and refused when it is read.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    max_item_bytes: int = 256 * 1024 * 1024
    max_items: int = 100_000

    def lets_through(self, path: str) -> bool:
        """Whether the item of that path is taken."""
        if self.include and not any(_matches(path, pattern) for pattern in self.include):
            return False
        return not any(_matches(path, pattern) for pattern in self.exclude)


@dataclass(frozen=True, slots=True)
class SourceItem:
    """One document of a source, as it is now.

    ``key``: what its source calls it: an object's key in its bucket, a path below the folder, a page's address.
    ``uri``: the document's source URI, stable and unique within the tenant. ``name``: a file name.
    ``revision`` is opaque; as long as it is the same, so are the bytes. ``size`` in bytes, None before it is read.
    """

    key: str
    uri: str
    name: str
    revision: str
    size: int | None = None
    media_type: str | None = None


def _matches(path: str, pattern: str) -> bool:
    if "/" not in pattern:
        return fnmatchcase(path.rpartition("/")[2], pattern)
    return _segments_match(path.split("/"), pattern.removeprefix("/").split("/"))


def _segments_match(segments: list[str], patterns: list[str]) -> bool:
    """Whether all the segments are matched: how many first ones can be, pattern by pattern."""
    reached = {0}
    for pattern in patterns:
        if pattern == "**":
            reached = set(range(min(reached), len(segments) + 1))
        else:
            reached = {at + 1 for at in reached if at < len(segments) and fnmatchcase(segments[at], pattern)}
        if not reached:
            return False
    return len(segments) in reached
