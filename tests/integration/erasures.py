"""An erasure driven step by step, in the workflow's order, over a real ledger and stand-ins of the other stores."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import numpy as np

from activities.privacy import PrivacyActivities
from lethe.adapters.fakes.blobs import FakeBlobs
from lethe.adapters.fakes.clock import FakeClock
from lethe.adapters.fakes.histories import FakeHistories
from lethe.adapters.fakes.keyring import FakeKeyRing
from lethe.adapters.fakes.keywords import InMemoryKeywordIndex
from lethe.adapters.fakes.vectors import InMemoryVectorIndex
from lethe.adapters.fakes.witness import FakeWitness
from lethe.contracts.erasure import (
    Certified,
    Discovered,
    ErasureRef,
    ErasureRound,
    StoreErased,
    StoreStep,
    VerifiedErasure,
)
from lethe.ingestion.removal import VersionRemover
from lethe.ingestion.revision import PipelineRevision
from lethe.ingestion.uploads import Uploads
from lethe.model.answers import Citation, Question
from lethe.model.blobs import BlobName, blob_key
from lethe.model.documents import Document, Status, Version
from lethe.model.erasures import (
    ErasureBasis,
    ErasureIdentifier,
    ErasureRequest,
    ErasureState,
    ErasureStore,
    IdentifierKind,
    ItemState,
)
from lethe.model.ids import Id, new_id
from lethe.model.indexes import BuildKind, BuildState, IndexBuild
from lethe.model.operations import DispatchKind
from lethe.model.personal_data import StoreName
from lethe.model.workflow_ids import dispatch_id
from lethe.ports.keyring import SecretPurpose
from lethe.ports.ledger import Ledger
from lethe.ports.vectors import IndexObject, KeywordObject
from lethe.privacy.digests import blind_index, suppression_tag_of
from lethe.privacy.sealing import Purpose, seal_json, seal_text
from lethe.settings import Settings
from tests.contract.blobs import pieces
from tests.contract.ledger_rows import NOON, add_tenant, answer, build, chunks, document, question, vectors, version
from tests.unit.certificates.issuers import issuer
from workers.erasing import privacy_activities
from workflows.erasure_order import DELETION_ORDER

ADA = "ada.lovelace@example.org"
BOB = "bob@example.org"


@dataclass
class Scene:
    """One tenant's stores, and the erasure's activities over them."""

    ledger: Ledger
    settings: Settings
    tenant_id: Id = ""
    clock: FakeClock = field(default_factory=FakeClock)
    keyring: FakeKeyRing = field(default_factory=FakeKeyRing)
    blobs: FakeBlobs = field(default_factory=FakeBlobs)
    index: InMemoryVectorIndex = field(default_factory=InMemoryVectorIndex)
    keywords: InMemoryKeywordIndex = field(default_factory=InMemoryKeywordIndex)
    histories: FakeHistories = field(default_factory=FakeHistories)
    witness: FakeWitness = field(default_factory=FakeWitness)
    builds: list[IndexBuild] = field(default_factory=list[IndexBuild])

    @property
    def remover(self) -> VersionRemover:
        return VersionRemover(self.ledger, self.blobs, self.keyring, self.index, self.keywords)

    @property
    def uploads(self) -> Uploads:
        return Uploads(
            self.ledger, self.blobs, self.keyring, self.remover, self.clock, PipelineRevision("p", "c"), 10_000
        )

    @property
    def activities(self) -> PrivacyActivities:
        issuing = issuer(self.ledger, self.clock, self.witness)
        return privacy_activities(self.settings, self.remover, self.clock, self.histories, self.uploads, issuer=issuing)

    async def add(self, *people: str, live: bool = True, **fields: Any) -> tuple[Document, Version]:
        """A document of two chunks that names these people, in every store; live unless it is said otherwise."""
        row = document(self.tenant_id, status=Status.READY, next_submission=2, live_submission=1)
        async with self.ledger.write() as unit:
            await unit.documents.add(row)
        child = await self.add_version(row, *people, live_from=1 if live else None, **fields)
        if live:
            row = replace(row, live_version_id=child.id)
            async with self.ledger.write() as unit:
                await unit.documents.update(row)
        return row, child

    async def add_version(self, of: Document, *people: str, text: str = "An engine.", **fields: object) -> Version:
        child = version(of, **fields)
        key = await self.keyring.create(self.tenant_id, child.id)
        child = replace(
            child,
            sealed_title=seal_text(key, Purpose.TITLE, "Notes"),
            sealed_source_uri=seal_text(key, Purpose.SOURCE_URI, f"file:///{child.id}"),
            sealed_metadata=seal_json(key, Purpose.METADATA, {}),
        )
        async with self.ledger.write() as unit:
            await unit.versions.add(child)
            texts = [
                replace(
                    each,
                    sealed_text=seal_text(key, Purpose.CHUNK_TEXT, text),
                    sealed_section=seal_text(key, Purpose.CHUNK_SECTION, ""),
                )
                for each in chunks(child, 2)
            ]
            await unit.chunks.replace(self.tenant_id, child.id, texts)
            await unit.chunks.put_vectors(vectors(texts))
        for person in people:
            await self.link(child, person)
        objects = [KeywordObject(each.id, of.id, child.id, each.ordinal, "engine", (), ()) for each in texts]
        vector = np.array([1.0, 0.0], np.float32)
        for each in self.builds:
            if each.kind is BuildKind.KEYWORD:
                await self.keywords.write(each, objects)
            else:
                await self.index.upsert(each, [_with_vector(item, vector) for item in objects])
        for name in (BlobName.ORIGINAL, BlobName.ELEMENTS):
            await self.blobs.write(blob_key(self.tenant_id, child.id, name), pieces(b"sealed"))
        self.histories.runs[dispatch_id(DispatchKind.INGEST_DOCUMENT, self.tenant_id, child.id)] = 1
        return child

    async def link(self, to: Version, mail: str) -> None:
        key = await self.keyring.secret(self.tenant_id, SecretPurpose.BLIND)
        subject_id = new_id()
        sealed = seal_text(await self.keyring.create(self.tenant_id, subject_id), Purpose.IDENTIFIER, mail)
        async with self.ledger.write() as unit:
            blind = blind_index(key, "email", mail)
            await unit.subjects.link(self.tenant_id, to.id, "email", blind, sealed, subject_id, NOON)

    async def question(self, text: str = "Who?", **fields: object) -> Question:
        """An unanswered one."""
        made = question(self.tenant_id, **fields)
        key = await self.keyring.create(self.tenant_id, made.id)
        made = replace(made, sealed_request=seal_text(key, Purpose.QUESTION, text))
        async with self.ledger.write() as unit:
            await unit.questions.add(made)
        return made

    async def answer(self, of: Question, *cited: Citation, text: str = "Somebody.") -> None:
        key = await self.keyring.get(self.tenant_id, of.id)
        async with self.ledger.write() as unit:
            body = seal_text(key, Purpose.ANSWER, text)
            await unit.questions.put_answer(replace(answer(of, cited), sealed_body=body))

    async def ask(
        self, mail: str = ADA, kind: IdentifierKind = IdentifierKind.EMAIL, user: Id = "", **fields: object
    ) -> ErasureRef:
        """A request whose fence stands. ``user``: the person's own principal."""
        key = await self.keyring.secret(self.tenant_id, SecretPurpose.BLIND)
        tags = await self.keyring.secret(self.tenant_id, SecretPurpose.SUPPRESSION)
        request = ErasureRequest(
            tenant_id=self.tenant_id,
            id=new_id(),
            state=ErasureState.FENCED,
            basis=ErasureBasis.SUBJECT_REQUEST,
            reason="asked",
            document_ids=(),
            prefix_hmacs=(),
            requested_by=new_id(),
            created_at=NOON,
            updated_at=NOON,
            deadline_at=NOON,
        )
        request = replace(request, **fields)
        own = await self.keyring.create(self.tenant_id, request.id)
        named = [
            ErasureIdentifier(
                self.tenant_id,
                request.id,
                each,
                blind_index(key, each.value, value),
                suppression_tag_of(tags, each.value, value),
                seal_text(own, Purpose.ERASURE_IDENTIFIER, value),
            )
            for each, value in ((kind, mail), *([(IdentifierKind.PRINCIPAL, user)] if user else []))
        ]
        async with self.ledger.write() as unit:
            await unit.erasures.add(request, named)
        return ErasureRef(tenant_id=self.tenant_id, erasure_id=request.id)

    async def discover(self, ref: ErasureRef, round_: int = 1) -> Discovered:
        return await self.activities.discover_subject(ErasureRound(**ref.model_dump(), round=round_))

    async def take_out(self, ref: ErasureRef, round_: int = 1) -> list[StoreErased]:
        now = ErasureRound(**ref.model_dump(), round=round_)
        await self.activities.quiet_ingestions(now)
        return [
            await self.activities.erase_store(StoreStep(**now.model_dump(), store=store.value))
            for store in (StoreName.KEYS, *DELETION_ORDER)
        ]

    async def erase(self, ref: ErasureRef) -> Discovered:
        """One round, and the look of the second one."""
        await self.discover(ref)
        await self.take_out(ref)
        return await self.discover(ref, 2)

    async def purge(self, ref: ErasureRef) -> None:
        """As a worker's builds do it: the new ones are made and served, the old ones dropped."""
        for _ in range(4):
            if not (await self.activities.purge_stores(ref)).pending:
                break
            builds = await self._kept()
            for each in builds:
                begun = [other for other in builds if other.kind is each.kind and other.state is BuildState.BUILDING]
                await self._cut_over(each, has_new=bool(begun))
        left = [(each.kind, each.number, each.state) for each in await self._kept()]
        assert await self.state(ref) is ErasureState.PURGED, left
        self.builds = await self._kept()

    async def _kept(self) -> list[IndexBuild]:
        async with self.ledger.read() as unit:
            return await unit.builds.list(self.tenant_id)

    async def _cut_over(self, each: IndexBuild, *, has_new: bool) -> None:
        is_new = each.state is BuildState.BUILDING
        index = self.index if each.kind is BuildKind.VECTOR else self.keywords
        if is_new and each.kind is BuildKind.VECTOR:
            await self.index.create_build(each, 2)
        elif is_new:
            await self.keywords.create_build(each)
        elif has_new:
            await index.drop_build(each)
        else:
            return
        async with self.ledger.write() as unit:
            state = BuildState.ACTIVE if is_new else BuildState.DROPPED
            await unit.builds.set_state(self.tenant_id, each.id, state)

    async def certify(self, ref: ErasureRef) -> Certified:
        """After a purge: verified, and certified if nothing was found."""
        verified = await self.activities.verify_erasure(ref)
        assert not verified.hits
        return await self.activities.certify_erasure(VerifiedErasure(**ref.model_dump(), verified=verified))

    async def state(self, ref: ErasureRef) -> ErasureState:
        async with self.ledger.read() as unit:
            request = await unit.erasures.get(self.tenant_id, ref.erasure_id)
        assert request
        return request.state

    async def reports(self, ref: ErasureRef) -> dict[str, ErasureStore]:
        async with self.ledger.read() as unit:
            return {each.store: each for each in await unit.erasures.stores(self.tenant_id, ref.erasure_id)}

    async def open_items(self, ref: ErasureRef) -> int:
        async with self.ledger.read() as unit:
            return len(
                await unit.erasures.items(self.tenant_id, ref.erasure_id, states=[ItemState.PLANNED], limit=10_000)
            )


def _with_vector(item: KeywordObject, vector: "np.ndarray[tuple[int], np.dtype[np.float32]]") -> IndexObject:
    return IndexObject(
        item.chunk_id,
        item.document_id,
        item.version_id,
        item.ordinal,
        item.terms,
        item.readers,
        item.attributes,
        vector,
    )


async def make_scene(ledger: Ledger, settings: Settings) -> Scene:
    """With an active, a retired and a soaking build: what serves nobody holds the same words."""
    scene = Scene(ledger, settings, await add_tenant(ledger, seq=1))
    scene.clock.set(NOON + timedelta(minutes=1))
    await scene.keyring.create_tenant(scene.tenant_id)
    states = (BuildState.ACTIVE, BuildState.RETIRED)
    for kind in BuildKind:
        for number, state in enumerate(states, 1):
            made = build(scene.tenant_id, number, kind=kind, state=state, spec="model@1/2/plain")
            async with ledger.write() as unit:
                await unit.builds.add(made)
            if kind is BuildKind.VECTOR:
                await scene.index.create_build(made, 2)
            else:
                await scene.keywords.create_build(made)
            scene.builds.append(made)
    return scene
