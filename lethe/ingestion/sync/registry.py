"""Registering, changing and removing sources."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from lethe.errors import SourceNotFound
from lethe.ingestion.sync.ordering import active_source, add_round, dispatch_of
from lethe.ingestion.sync.spec import SourceSpec, address_of, open_spec, seal_spec
from lethe.model.documents import LegalBasis
from lethe.model.ids import Id, new_id
from lethe.model.operations import DispatchKind
from lethe.model.principals import Caller
from lethe.model.schedules import Timing
from lethe.model.sources import SourceFilters, SourceKind
from lethe.model.syncs import Source, SourceState, SyncTrigger
from lethe.ports.clock import Clock
from lethe.ports.keyring import KeyRing
from lethe.ports.ledger import Ledger, PageCursor, UnitOfWork
from lethe.ports.sources import SourceReaders


@dataclass(frozen=True, slots=True)
class SourceWish:
    """What may be said of a source, and changed. ``readers`` None: the whole tenant."""

    name: str
    credentials: str = ""
    filters: SourceFilters = field(default_factory=SourceFilters)
    timing: Timing | None = None
    readers: tuple[Id, ...] | None = None
    purpose: str | None = None
    legal_basis: LegalBasis | None = None
    overdue_seconds: int | None = None
    retention_days: int | None = None


@dataclass(frozen=True, slots=True)
class SourceView:
    """A source as its admins see it. ``spec`` is None where a deletion has destroyed its key already.

    ``asking``: the round that waits for an answer, and on which others wait.
    """

    source: Source
    spec: SourceSpec | None
    is_overdue: bool
    asking: Id | None


@dataclass(frozen=True, slots=True)
class Sources:
    """The sources of a tenant. Raises SourceNotFound for another's."""

    ledger: Ledger
    keyring: KeyRing
    readers: SourceReaders
    clock: Clock

    async def create(
        self, caller: Caller, kind: SourceKind, address: str, wish: SourceWish, source_id: Id | None = None
    ) -> SourceView:
        """Raises SourceAddressRefused, SourceCredentialsUnknown.

        ``source_id``: what it is called; one that an earlier, broken off sending of the request made is met again by
        it.
        """
        tenant_id, source_id, now = caller.tenant_id, source_id or new_id(), self.clock.now()
        async with self.ledger.read() as uow:
            made = await uow.sources.get(tenant_id, source_id)
        if made is not None:
            return await self._view(made)
        source = Source(
            tenant_id=tenant_id,
            id=source_id,
            kind=kind,
            state=SourceState.ACTIVE,
            sealed_spec=b"",
            readers=(tenant_id,),
            purpose=None,
            legal_basis=None,
            every_seconds=None,
            cron="",
            jitter_seconds=0,
            catch_up_seconds=0,
            overdue_seconds=None,
            principal_id=caller.principal_id,
            role=caller.role,
            groups=tuple(sorted(caller.groups)),
            created_at=now,
            updated_at=now,
        )
        spec = SourceSpec(wish.name, address, wish.credentials, wish.filters)
        self.readers.check(address_of(source, spec))
        # Its key is kept whatever happens: a unit whose answer is lost may have been committed.
        key = await self.keyring.create(tenant_id, source_id)
        source = _wished(replace(source, sealed_spec=seal_spec(key, spec)), wish)
        async with self.ledger.write() as uow:
            await uow.sources.add(source)
            await uow.dispatches.renew(dispatch_of(DispatchKind.ARRANGE_SOURCE, source, now))
        return await self._view(source)

    async def get(self, caller: Caller, source_id: Id) -> SourceView:
        async with self.ledger.read() as uow:
            source = await _found(uow, caller, source_id)
        return await self._view(source)

    async def page(self, caller: Caller, after: PageCursor | None, limit: int) -> list[SourceView]:
        """Newest first."""
        async with self.ledger.read() as uow:
            found = await uow.sources.page(caller.tenant_id, after, limit)
            asking = await uow.syncs.asking(caller.tenant_id, [source.id for source in found])
        keys = await self.keyring.get_many(caller.tenant_id, [source.id for source in found])
        return [self._shown(source, keys.get(source.id), asking.get(source.id)) for source in found]

    async def change(
        self, caller: Caller, source_id: Id, changed: Callable[[SourceWish], SourceWish]
    ) -> tuple[SourceView, bool]:
        """Say otherwise what ``changed`` does; returns it, and whether a round was ordered that tells its documents.

        Raises SourceDeleting, SourceCredentialsUnknown.
        """
        key = await self._key(caller, source_id)
        async with self.ledger.write() as uow:
            await uow.tenants.lock(caller.tenant_id)
            before = await active_source(uow, caller, source_id)
            spec, now = open_spec(key, before), self.clock.now()
            wish = changed(_wish_of(before, spec))
            spec = SourceSpec(wish.name, spec.address, wish.credentials, wish.filters)
            self.readers.check(address_of(before, spec))
            source = _wished(replace(before, sealed_spec=seal_spec(key, spec), updated_at=now), wish)
            is_remapped = _mapping_of(source) != _mapping_of(before)
            if is_remapped:
                source = replace(source, mapping=before.mapping + 1)
                await add_round(uow, source, SyncTrigger.CHANGE, now)
            await uow.sources.update(source)
            await uow.dispatches.renew(dispatch_of(DispatchKind.ARRANGE_SOURCE, source, now))
        return await self._view(source), is_remapped

    async def delete(self, caller: Caller, source_id: Id, *, deletes_documents: bool) -> SourceView:
        """It goes, with its documents or without; once it is on its way out, what was said first counts."""
        async with self.ledger.write() as uow:
            await uow.tenants.lock(caller.tenant_id)
            source = await _found(uow, caller, source_id)
            now = self.clock.now()
            if source.state is SourceState.ACTIVE:
                source = replace(
                    source, state=SourceState.DELETING, deletes_documents=deletes_documents, updated_at=now
                )
                await uow.sources.update(source)
            for kind in (DispatchKind.ARRANGE_SOURCE, DispatchKind.SYNC_SOURCE):
                await uow.dispatches.renew(dispatch_of(kind, source, now))
        return await self._view(source)

    async def _key(self, caller: Caller, source_id: Id) -> bytes:
        async with self.ledger.read() as uow:
            await active_source(uow, caller, source_id)
        return await self.keyring.get(caller.tenant_id, source_id)

    async def _view(self, source: Source) -> SourceView:
        key = (await self.keyring.get_many(source.tenant_id, [source.id])).get(source.id)
        async with self.ledger.read() as uow:
            asking = await uow.syncs.asking(source.tenant_id, [source.id])
        return self._shown(source, key, asking.get(source.id))

    def _shown(self, source: Source, key: bytes | None, asking: Id | None) -> SourceView:
        spec = open_spec(key, source) if key else None
        return SourceView(source, spec, source.is_overdue(self.clock.now()), asking)


async def _found(uow: UnitOfWork, caller: Caller, source_id: Id) -> Source:
    source = await uow.sources.get(caller.tenant_id, source_id)
    if source is None:
        raise SourceNotFound
    return source


def _mapping_of(source: Source) -> tuple[object, ...]:
    """What the documents that came from it must be told of."""
    return source.readers, source.purpose, source.legal_basis


def _wished(source: Source, wish: SourceWish) -> Source:
    timing = wish.timing or Timing()
    readers = (source.tenant_id,) if wish.readers is None else tuple(sorted(set(wish.readers)))
    return replace(
        source,
        readers=readers,
        purpose=wish.purpose,
        legal_basis=wish.legal_basis,
        overdue_seconds=wish.overdue_seconds,
        retention_days=wish.retention_days,
        every_seconds=timing.every_seconds,
        cron=timing.cron,
        jitter_seconds=timing.jitter_seconds,
        catch_up_seconds=timing.catch_up_seconds,
        paused_by=source.paused_by if wish.timing else None,
    )


def _wish_of(source: Source, spec: SourceSpec) -> SourceWish:
    return SourceWish(
        name=spec.name,
        credentials=spec.credentials,
        filters=spec.filters,
        timing=source.timing,
        readers=source.readers,
        purpose=source.purpose,
        legal_basis=source.legal_basis,
        overdue_seconds=source.overdue_seconds,
        retention_days=source.retention_days,
    )
