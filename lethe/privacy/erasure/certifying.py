"""The last step of an erasure: certified, and then whom it was about is forgotten here, too."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from lethe.contracts.erasure import Certified, ErasureRef, Verified
from lethe.errors import CertificateRefused, ErasureIncomplete
from lethe.model.audit_log import LeafKind, LogLeaf
from lethe.model.certificates import (
    CertificateFacts,
    Claim,
    CoveredBuild,
    Exclusion,
    ExclusionReason,
    ProcessorHorizon,
    StoreResult,
    Tombstones,
    Verification,
)
from lethe.model.erasures import ErasureItem, ErasureRequest, ErasureState, ErasureStore, ItemState, PurgeState
from lethe.model.ids import Id
from lethe.model.personal_data import ItemKind, StoreName
from lethe.ports.clock import Clock
from lethe.ports.keyring import Emptied, KeyRing
from lethe.ports.ledger import Ledger, UnitOfWork
from lethe.ports.personal_data import PersonalDataStore
from lethe.privacy.certificates.body import Body, requester_nonce, subject_commitment, weakest_claim
from lethe.privacy.certificates.issuing import CertificateIssuer
from lethe.privacy.erasure.discovery import enter, get_request
from lethe.privacy.erasure.manifest import Manifest
from lethe.privacy.erasure.stores.documents import RESTRICTED, SHARED, UNRESTRICTED
from lethe.privacy.erasure.verifying import resume_freed
from lethe.privacy.sealing import Purpose, unseal_text

TOMBSTONES: Final = (ItemKind.VERSION.value, ItemKind.CHUNK.value, ItemKind.KEY.value)
"""Of the manifest these stay, for ever: random ids that lead to nothing, by which it is looked for again."""

WITH_KEYS: Final = frozenset({StoreName.KEYS, StoreName.BACKUPS})
"""Stores whose copies may open what was erased, as long as one is left from before the key went."""

A_MOMENT: Final = timedelta(hours=1)
"""Between the certificate and the end of the request's own key: more than it takes."""

_RESTRICTIONS: Final = frozenset({RESTRICTED, UNRESTRICTED})


@dataclass(frozen=True, slots=True)
class Certifying:
    """May be repeated. ``issuer``: None where no witness is configured; then nothing is certified, or forgotten."""

    ledger: Ledger
    keyring: KeyRing
    clock: Clock
    stores: Mapping[StoreName, PersonalDataStore]
    issuer: CertificateIssuer | None

    async def certify(self, ref: ErasureRef, verified: Verified) -> Certified:
        """Raises CertificateRefused, and WitnessUnavailable while the witness is away."""
        async with self.ledger.write() as uow:
            request = await get_request(uow, ref)
            if request.state is ErasureState.REOPENED:
                # It was certified before the worker could tell, and goes on already.
                return Certified(is_certified=True)
            if request.state is not ErasureState.CERTIFIED and not await enter(
                uow, ref, ErasureState.VERIFYING, self.clock.now()
            ):
                return Certified(is_held=True)
        if self.issuer is None:
            return Certified()
        if request.state is not ErasureState.CERTIFIED:
            reports = await self._reports(ref)
            await self.issuer.issue(await self._facts(request, verified, reports))
            if not await self._forgotten(ref, reports):
                return Certified(is_held=True)
        if not _waits(await self._rows(ref)):
            await self._leave_nothing(ref)
        return Certified(is_certified=True)

    async def _leave_nothing(self, ref: ErasureRef) -> None:
        """Of the request itself, in the files of the ring and of the ledger. Raises ErasureIncomplete."""
        await self.keyring.destroy(ref.tenant_id, [ref.erasure_id])
        emptied = await self.keyring.leave_nothing()
        if emptied is Emptied.NOT_YET:
            raise ErasureIncomplete(StoreName.KEYS)
        if emptied is Emptied.LEFT_TO_OPERATOR:
            # The table has grown too large since the certificate was written: the status says so.
            async with self.ledger.write() as uow:
                reports = await uow.erasures.stores(ref.tenant_id, ref.erasure_id)
                await uow.erasures.put_stores([_left(each) for each in reports if each.store == StoreName.KEYS])
        if not await self.ledger.empty_journal():
            raise ErasureIncomplete(StoreName.DOCUMENTS)

    async def _reports(self, ref: ErasureRef) -> list[ErasureStore]:
        """What the stores said at the purge, as it is with the certificate: the request's own key goes only then."""
        async with self.ledger.read() as uow:
            reports = list(await uow.erasures.stores(ref.tenant_id, ref.erasure_id))
        if _waits(await self._rows(ref)):
            return reports
        goes_at = self.clock.now() + A_MOMENT
        dated = [replace(r, horizon_at=self._until(r, goes_at)) if r.store in WITH_KEYS else r for r in reports]
        if await self.keyring.is_left_to_operator():
            return [_left(each) if each.store == StoreName.KEYS else each for each in dated]
        return dated

    def _until(self, report: ErasureStore, goes_at: datetime) -> datetime | None:
        return report.horizon_at and self.stores[StoreName(report.store)].horizon(goes_at)

    async def _rows(self, ref: ErasureRef) -> list[ErasureItem]:
        return list((await Manifest(self.ledger, ref.tenant_id, ref.erasure_id).known()).values())

    async def _forgotten(self, ref: ErasureRef, reports: Sequence[ErasureStore]) -> bool:
        """But for whom a restricted document says something of: they are found in it after its release."""
        at, waits = self.clock.now(), _waits(await self._rows(ref))
        async with self.ledger.write() as uow:
            if not await enter(uow, ref, ErasureState.CERTIFIED, at):
                return False
            request = await get_request(uow, ref)
            await uow.erasures.put_stores(reports)
            await uow.erasures.keep_tags(ref.tenant_id, await _suppressed(uow, request))
            if not waits:
                await uow.erasures.forget(ref.tenant_id, ref.erasure_id, TOMBSTONES)
            certified = replace(request, certified_at=at, ended_at=at, updated_at=at)
            await uow.erasures.update(certified)
            await resume_freed(uow, certified, at)
        return True

    async def _facts(
        self, request: ErasureRequest, verified: Verified, reports: Collection[ErasureStore]
    ) -> CertificateFacts:
        rows = await self._rows(ErasureRef(tenant_id=request.tenant_id, erasure_id=request.id))
        former = await self._former(request)
        async with self.ledger.read() as uow:
            builds = await uow.builds.list(request.tenant_id)
        stores = _results(reports, rows)
        keys = _refs(rows, StoreName.KEYS)
        return CertificateFacts(
            tenant_id=request.tenant_id,
            request_id=request.id,
            number=len(former),
            commitments=await self._commitments(request, former),
            accepted_at=_told(request.accepted_at, "accepted"),
            fenced_at=_told(request.fenced_at, "fenced"),
            discovered_at=_told(request.discovered_at, "discovered"),
            deleted_at=_told(request.deleted_at, "deleted"),
            purged_at=request.purged_at if weakest_claim(stores) is Claim.PURGED else None,
            verified_at=_told(request.verified_at, "verified"),
            stores=stores,
            builds=tuple(CoveredBuild(build.id, build.kind) for build in builds),
            shared_rewritten=sum(row.code == SHARED and row.state is ItemState.ERASED for row in rows),
            rounds=request.rounds,
            keys_destroyed=len(keys),
            verification=Verification(
                build_hash=verified.verifier,
                probes=verified.probes,
                scans=verified.scans,
                control_planted=verified.controls,
                control_found=verified.controls,
                hits=verified.hits,
            ),
            processors=await self._processors(request, rows, reports),
            exclusions=_exclusions(rows),
            tombstones=Tombstones(
                version_ids=_refs(rows, StoreName.DOCUMENTS, ItemKind.VERSION),
                key_ids=keys if _waits(rows) else (*keys, request.id),
                tags=await self._tags(request),
            ),
        )

    async def _tags(self, request: ErasureRequest) -> tuple[str, ...]:
        async with self.ledger.read() as uow:
            return tuple(sorted(await _suppressed(uow, request)))

    async def _former(self, request: ErasureRequest) -> list[LogLeaf]:
        """The request's certificates of before. One that was logged since was issued by an attempt that broke off."""
        found = list[LogLeaf]()
        async with self.ledger.read() as uow:
            while request.certified_at is not None:
                leaf = await uow.audit_log.find(LeafKind.CERTIFICATE, request.tenant_id, request.id, len(found))
                if leaf is None or leaf.created_at > request.certified_at:
                    break
                found.append(leaf)
        return found

    async def _commitments(self, request: ErasureRequest, former: Collection[LogLeaf]) -> tuple[str, ...]:
        """Of the identifiers; of a request that had forgotten them, those of its first certificate."""
        for leaf in former:
            return Body.model_validate_json(leaf.data).subject_commitments
        async with self.ledger.read() as uow:
            identifiers = await uow.erasures.identifiers(request.tenant_id, request.id)
        key = await self.keyring.get(request.tenant_id, request.id)
        nonce = requester_nonce(key)
        return tuple(
            subject_commitment(nonce, unseal_text(key, Purpose.ERASURE_IDENTIFIER, each.sealed_identifier))
            for each in identifiers
        )

    async def _processors(
        self, request: ErasureRequest, rows: Collection[ErasureItem], reports: Collection[ErasureStore]
    ) -> tuple[ProcessorHorizon, ...]:
        calls = [row.ref for row in rows if row.kind == ItemKind.CALL]
        horizon = next((each.horizon_at for each in reports if each.store == StoreName.PROCESSORS), None)
        async with self.ledger.read() as uow:
            kept = await uow.processor_calls.some(request.tenant_id, calls)
        by_provider = Counter(call.provider for call in kept)
        return tuple(ProcessorHorizon(provider, count, horizon) for provider, count in by_provider.items())


async def _suppressed(uow: UnitOfWork, request: ErasureRequest) -> set[str]:
    """Tags of whom it is about: nobody's, where it is about some documents only."""
    if not request.scope.is_whole:
        return set()
    return {each.tag for each in await uow.erasures.identifiers(request.tenant_id, request.id)}


def _waits(rows: Collection[ErasureItem]) -> bool:
    """Whether another certificate is to follow, after the release of what may not be destroyed now."""
    return any(row.code in _RESTRICTIONS and row.state is ItemState.HELD for row in rows)


def _left(report: ErasureStore) -> ErasureStore:
    return replace(report, purge=PurgeState.LEFT_TO_OPERATOR, horizon_at=None)


def _told(at: datetime | None, step: str) -> datetime:
    if at is None:
        raise CertificateRefused(f"not certified: not {step}")
    return at


def _results(reports: Collection[ErasureStore], rows: Collection[ErasureItem]) -> tuple[StoreResult, ...]:
    counts = Counter((row.store, row.state) for row in rows)
    return tuple(
        StoreResult(
            store=StoreName(each.store),
            located=counts[each.store, ItemState.ERASED] + counts[each.store, ItemState.HELD],
            erased=counts[each.store, ItemState.ERASED],
            held=counts[each.store, ItemState.HELD],
            remaining=counts[each.store, ItemState.PLANNED] + counts[each.store, ItemState.IN_REVIEW],
            method=each.method,
            purge=each.purge,
            horizon_at=each.horizon_at,
        )
        for each in reports
    )


def _exclusions(rows: Collection[ErasureItem]) -> tuple[Exclusion, ...]:
    held = Counter((StoreName(row.store), _reason(row.code)) for row in rows if row.state is ItemState.HELD)
    released = Counter(StoreName(row.store) for row in rows if row.state is ItemState.RELEASED)
    return (
        *(Exclusion(store, reason, count) for (store, reason), count in held.items()),
        *(Exclusion(store, ExclusionReason.RELEASED, count) for store, count in released.items()),
    )


def _reason(code: str) -> ExclusionReason:
    """A document about others too that could not be rewritten is held with the code of why."""
    if code in _RESTRICTIONS:
        return ExclusionReason.LEGAL_HOLD
    return ExclusionReason(code) if code in set(ExclusionReason) else ExclusionReason.SHARED


def _refs(rows: Collection[ErasureItem], store: StoreName, kind: ItemKind | None = None) -> tuple[Id, ...]:
    return tuple(
        sorted(
            row.ref
            for row in rows
            if row.store == store and row.state is ItemState.ERASED and (kind is None or row.kind == kind)
        )
    )
