"""Reading documents where somebody else keeps them."""

from collections.abc import AsyncIterator
from typing import Protocol

from lethe.model.sources import SourceAddress, SourceFilters, SourceItem


class SourceReader(Protocol):
    """One source, opened for one activity.

    Every method may raise SourceAddressRefused, SourceAccessDenied, SourceMissing, SourceUnavailable, SourceTimedOut.
    """

    def items(self) -> AsyncIterator[SourceItem]:
        """Everything the filters let through, each once, in no order.

        Ends without an error only if the listing is whole: what it does not name is not there any more. Raises
        SourceListingIncomplete, SourceTooManyItems.
        """
        ...

    async def item(self, key: str) -> SourceItem | None:
        """What is under that key now; None if nothing is, or nothing the filters let through."""
        ...

    async def holds_beside(self, key: str) -> bool:
        """Whether the folder that such a key is in holds anything now that the filters let through, also in folders of
        its own: where it does not, a disk may have been mounted. Always so where there are no folders.
        """
        ...

    def read(self, item: SourceItem) -> AsyncIterator[bytes]:
        """The item's bytes in pieces of at most 1 MiB.

        Raises SourceItemChanged where they are not those of its revision, SourceItemGone, SourceItemTooLarge. The
        pieces are the item only if the iterator ends without an error.
        """
        ...

    async def close(self) -> None:
        """Leave nothing behind: no connection, no process, no file."""
        ...


class SourceReaders(Protocol):
    """Readers of every kind of source that is configured."""

    def check(self, source: SourceAddress) -> None:
        """Whether such a source may be registered; nothing is connected to, resolved or opened.

        Raises SourceAddressRefused, SourceCredentialsUnknown.
        """
        ...

    async def open(self, source: SourceAddress, filters: SourceFilters) -> SourceReader:
        """A reader to be closed. Checks again: settings may have changed since. Raises what `check` does,
        SourceToolMissing, and what a reader's methods do.
        """
        ...
