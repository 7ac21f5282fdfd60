"""What the ledger says of each store: how much was found in it, how much is gone, whether its bytes are."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from lethe.contracts.erasure import ErasureRef
from lethe.model.erasures import ErasureStore, ItemState, PurgeState
from lethe.model.personal_data import StoreName
from lethe.ports.ledger import UnitOfWork
from lethe.ports.personal_data import PersonalDataStore

Counts = Mapping[StoreName, Counter[ItemState]]


async def report(
    uow: UnitOfWork,
    ref: ErasureRef,
    states: Sequence[tuple[PersonalDataStore, PurgeState]],
    round_: int,
    at: datetime,
) -> Counts:
    """Write it down for these stores; returns the items of all of them, by state."""
    counts = defaultdict[StoreName, Counter[ItemState]](Counter[ItemState])
    for (name, state), count in (await uow.erasures.count_items(ref.tenant_id, ref.erasure_id)).items():
        counts[StoreName(name)][state] = count
    await uow.erasures.put_stores(
        [_of_store(ref, store, purge, counts[store.name], round_, at) for store, purge in states]
    )
    return counts


def _of_store(
    ref: ErasureRef,
    store: PersonalDataStore,
    purge: PurgeState,
    counts: Counter[ItemState],
    round_: int,
    at: datetime,
) -> ErasureStore:
    return ErasureStore(
        tenant_id=ref.tenant_id,
        erasure_id=ref.erasure_id,
        store=store.name.value,
        located=counts.total(),
        erased=counts[ItemState.ERASED],
        held=counts[ItemState.HELD],
        remaining=counts[ItemState.PLANNED],
        method=store.method,
        purge=purge,
        horizon_at=None if purge is PurgeState.LEFT_TO_OPERATOR else store.horizon(at),
        round=round_,
        updated_at=at,
    )
