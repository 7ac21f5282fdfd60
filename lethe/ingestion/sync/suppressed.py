"""Items whose names show somebody who was erased: they are not read, and not kept in a listing either."""

from collections.abc import Iterable, Sequence
from urllib.parse import unquote

from lethe.errors import SubjectSuppressed
from lethe.ingestion.sync.syncing import Syncing
from lethe.model.ids import Id
from lethe.model.sources import SourceItem
from lethe.privacy.erasure.suppressing import Suppressing


async def suppressed_keys(deps: Syncing, tenant_id: Id, items: Sequence[SourceItem]) -> frozenset[str]:
    """Keys of those of the items; one look for all of them, as long as there is none."""
    suppressing = Suppressing(deps.ledger, deps.keyring)

    async def shows_one(shown: Iterable[str]) -> bool:
        try:
            await suppressing.check_texts(tenant_id, shown)
        except SubjectSuppressed:
            return True
        return False

    if not await shows_one([text for item in items for text in _names(item)]):
        return frozenset()
    return frozenset([item.key for item in items if await shows_one(_names(item))])


def _names(item: SourceItem) -> tuple[str, ...]:
    return unquote(item.uri), unquote(item.key), item.name
