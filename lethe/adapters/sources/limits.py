"""What keeps a source from being larger than its filters say."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

from lethe.errors import SourceItemTooLarge, SourceTooManyItems
from lethe.model.sources import SourceItem

PIECE_BYTES: Final = 1024 * 1024


async def at_most(items: AsyncGenerator[SourceItem], most: int) -> AsyncGenerator[SourceItem]:
    """The same items. Raises SourceTooManyItems instead of one too many."""
    count = 0
    async with aclosing(items):
        async for item in items:
            count += 1
            if count > most:
                raise SourceTooManyItems(f"There are more than {most}.")
            yield item


async def no_larger(pieces: AsyncGenerator[bytes], most: int) -> AsyncGenerator[bytes]:
    """The same pieces. Raises SourceItemTooLarge before a byte too many is given out."""
    count = 0
    async with aclosing(pieces):
        async for piece in pieces:
            count += len(piece)
            refuse_larger(count, most)
            yield piece


def refuse_larger(size: int | None, most: int) -> None:
    """Raises SourceItemTooLarge."""
    if size is not None and size > most:
        raise SourceItemTooLarge(f"It has more than {most} bytes.")
