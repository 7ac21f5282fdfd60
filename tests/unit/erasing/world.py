"""The tenant, the erasures of its people, and what is left of them."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Final

from activities.privacy import PrivacyActivities
from lethe.adapters.sql import SqlLedger
from lethe.contracts.erasure import ErasureRef
from lethe.indexing.audit.blobs import BlobAudit
from lethe.ingestion.deletion import Deletions
from lethe.model.documents import Status
from lethe.model.erasures import ErasureBasis, ErasureRequest, IdentifierKind
from lethe.model.ids import Id, new_id
from lethe.model.indexes import BuildKind, BuildState, IndexBuild
from lethe.ports.keyring import SecretPurpose
from lethe.ports.ledger import UnitOfWork
from lethe.ports.vectors import Hit, IndexObject
from lethe.privacy.digests import blind_index
from lethe.privacy.erasure.intake import Erasures, ErasureWish
from lethe.privacy.sealing import Purpose, unseal_text
from lethe.retrieval.gate import Gate, shown_by
from tests.unit.erasing.flights import Flying
from tests.unit.erasing.standins import Flight, RememberedBlobs
from workers.erasing import privacy_activities

ADA: Final = "ada.lovelace@example.org"
BOB: Final = "bob.babbage@example.org"
EVE: Final = "eve.adams@example.org"
"""Nobody erases her."""


@dataclass
class ErasingWorld(Flying):
    """``requests``: whom each is to forget."""

    requests: dict[Id, frozenset[str]] = field(default_factory=dict[Id, frozenset[str]])

    def activities(self) -> PrivacyActivities:
        """As a worker that has just started has them."""
        return privacy_activities(self.own, self.remover, self.clock, self.histories, self.uploads)

    @property
    def erasures(self) -> Erasures:
        return Erasures(self.ledger, self.pipeline.keyring, self.clock, self.own.erasure)

    async def is_fenced(self, erasure_id: Id) -> bool:
        return (await self.request(ErasureRef(tenant_id=self.tenant_id, erasure_id=erasure_id))).fenced_at is not None

    async def erase(self, *mails: str) -> ErasureRef:
        """A request, with its fence."""
        wish = ErasureWish(tuple((IdentifierKind.EMAIL, each) for each in mails), ErasureBasis.SUBJECT_REQUEST, "asked")
        erasure_id = new_id()
        await self.erasures.begin(self.admin, wish, erasure_id)
        self.requests[erasure_id] = frozenset(mails)
        return ErasureRef(tenant_id=self.tenant_id, erasure_id=erasure_id)

    async def request(self, ref: ErasureRef) -> ErasureRequest:
        async with self.ledger.read() as uow:
            request = await uow.erasures.get(self.tenant_id, ref.erasure_id)
        assert request
        return request

    async def held_at_next_unit(self, ref: ErasureRef) -> None:
        """A hold is committed after the next look at the ledger and before what follows it."""
        ledger = self.pipeline.ledger
        assert isinstance(ledger, SqlLedger)
        write = ledger.write

        @asynccontextmanager
        async def held_first() -> AsyncGenerator[UnitOfWork]:
            ledger.__dict__.pop("write")
            await self.erasures.hold(self.admin, ref.erasure_id, "court")
            async with write() as uow:
                yield uow

        ledger.__dict__["write"] = held_first

    # Builds.

    async def build_on(self) -> None:
        """One step of each build that is on its way, and the end of what it replaced."""
        async with self.ledger.read() as uow:
            builds = await uow.builds.list(self.tenant_id)
        for build in builds:
            if build.state is BuildState.BUILDING:
                await self._fill(build)
            elif build.state is BuildState.ACTIVE:
                await self.cutover.finish(self.ref(build))

    async def _fill(self, build: IndexBuild) -> None:
        ref = self.ref(build)
        if build.kind is BuildKind.VECTOR:
            await self.followed(ref)
        await self.reconciled(ref)
        await self.cutover.close(ref)

    async def reap(self) -> None:
        """What no row names, from the builds and the blobs: the audit's night."""
        for kind in BuildKind:
            for build in await self.builds(kind):
                if build.state is not BuildState.DROPPED:
                    auditing, after = self.auditor.of_build(build), None
                    while True:
                        after, _ = await auditing.page(after)
                        if after is None:
                            break
        await BlobAudit(self.ledger, self.pipeline.blobs, self.tenant_id, 100).run()

    async def reap_uploads(self) -> None:
        """Those whose process died on the way, also within a rewriting: the maintenance's hour."""
        await Deletions(self.ledger, self.remover, self.clock).reap_receiving(self.clock.now())

    async def left_of(self, people: frozenset[str]) -> dict[str, list[str]]:
        """What the stores still hold of these people: rows that can be opened, links, and what no row names."""
        texts, versions = list[str](), await self._versions()
        keys = await self.pipeline.keyring.get_many(self.tenant_id, [each.id for each in versions])
        async with self.ledger.read() as uow:
            for version in versions:
                for chunk in await uow.chunks.of_version(self.tenant_id, version.id):
                    text = unseal_text(keys[version.id], Purpose.CHUNK_TEXT, chunk.sealed_text)
                    texts += [text] if any(mail in text for mail in people) else []
            blind_key = await self.pipeline.keyring.secret(self.tenant_id, SecretPurpose.BLIND)
            blinds = {("email", blind_index(blind_key, "email", each)) for each in people}
            linked = sorted(await uow.subjects.by_blinds(self.tenant_id, blinds))
        there = {each.id for each in versions}
        objects = {item.version_id for held in self._held() for item in held.values()} - there
        left = {"texts": texts, "subjects": linked, "objects": sorted(objects)}
        return {name: found for name, found in left.items() if found}

    def holds(self, version_id: Id) -> int:
        """Objects of the version in any build, and its blobs."""
        blobs = self.pipeline.blobs
        assert isinstance(blobs, RememberedBlobs)
        objects = [item for held in self._held() for item in held.values()]
        return sum(each.version_id == version_id for each in objects) + sum(version_id in key for key in blobs.contents)

    def objects_of(self, version_id: Id) -> int:
        return sum(item.version_id == version_id for held in self._held() for item in held.values())

    def on(self, ledger: Any) -> None:
        """Whatever is begun from now on works on this ledger."""
        self.ledger, self.pipeline = ledger, replace(self.pipeline, ledger=ledger)

    async def status(self, flight: Flight) -> Status | None:
        async with self.ledger.read() as uow:
            version = await uow.versions.get(self.tenant_id, flight.version_id)
        return version.status if version else None

    def _held(self) -> list[dict[Id, IndexObject]]:
        return list(self.memory._builds.values())  # pyright: ignore[reportPrivateUsage]

    # What is served.

    async def served(self) -> dict[Id, tuple[str, ...]]:
        """Every text that passes the gate now, by its chunk, whatever an index would have found."""
        hits = list[Hit]()
        async with self.ledger.read() as uow:
            seq = await uow.tenants.seq(self.tenant_id)
            for version in await uow.texts.versions_after(self.tenant_id, None, 1_000):
                chunks = await uow.chunks.of_version(self.tenant_id, version.id)
                hits += [Hit(each.id, each.version_id, each.document_id, 1.0) for each in chunks]
        gate = Gate(self.ledger, self.pipeline.keyring)
        passing = await gate.admit(self.tenant_id, hits, seq, frozenset({self.tenant_id}))
        return {each.hit.chunk_id: (each.hit.version_id, *shown_by(each)) for each in passing}
