"""One tenant in one process, whose uploads stop between their steps."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Self

from lethe.adapters.fakes.clock import FakeClock
from lethe.adapters.sql import SqlLedger
from lethe.contracts.ingestion import DocumentRef, EmbedBatch, StepFailure, VersionRef
from lethe.errors import ClientError, DocumentConflict, IndexBuildMissing, LetheError, VersionSuperseded
from lethe.ingestion.failures import FailureJournal
from lethe.ingestion.letters import Letters
from lethe.ingestion.metadata import Change, write_metadata
from lethe.ingestion.requests import MetadataPatch, UploadRequest
from lethe.ingestion.revision import PipelineRevision
from lethe.ingestion.steps.embedding import embed_chunks
from lethe.ingestion.steps.publishing import apply_metadata, index_version, switch_version, verify_version
from lethe.ingestion.steps.reading import chunk_version, parse_document, validate_document
from lethe.ingestion.uploads import Uploads
from lethe.model.documents import Status, SubjectMention, Version
from lethe.model.ids import Id, new_id
from lethe.model.operations import Dispatch, DispatchKind, LetterAction, LetterFilter
from lethe.model.principals import Caller, Role
from lethe.model.workflow_ids import dispatch_id
from lethe.ports.workflows import Answered
from lethe.settings import ErasureSettings, KeySettings, Settings
from tests.unit.erasing.standins import EndingHistories, Flight, RememberedBlobs, RememberedIndex
from tests.unit.indexing.corpus import InterruptedIndex
from tests.unit.indexing.world import World

Step = Callable[[VersionRef], Awaitable[object]]


@dataclass
class Ended:
    """lethe.ports.workflows.WorkflowControl: nothing runs any more, and what is started flies again."""

    world: "Flying"

    async def start(self, dispatch: Dispatch) -> None:
        for flight in self.world.flights:
            if flight.version_id == dispatch.ref and dispatch.kind is DispatchKind.INGEST_DOCUMENT:
                flight.done, flight.is_over = 0, False

    async def resolve(self, workflow_id: str, action: LetterAction, decision_id: Id) -> Answered:
        return Answered.ENDED


@dataclass
class Flying(World):
    """``arrived``: what went live, by the document's number, in its order."""

    clock: FakeClock = field(default_factory=FakeClock)
    histories: EndingHistories = field(default_factory=EndingHistories)
    flights: list[Flight] = field(default_factory=list[Flight])
    arrived: dict[int, list[Flight]] = field(default_factory=dict[int, list[Flight]])

    opened: SqlLedger = field(init=False)

    @classmethod
    async def begin(cls, settings: Settings, scratch: Path) -> Self:
        world = await cls.open(settings, RememberedIndex())
        world.pipeline = replace(world.pipeline, clock=world.clock, scratch=scratch, blobs=RememberedBlobs())
        return world

    @property
    def admin(self) -> Caller:
        return Caller(self.tenant_id, new_id(), Role.ADMIN)

    @property
    def uploads(self) -> Uploads:
        pipeline = self.pipeline
        revision = PipelineRevision("p", "c")
        return Uploads(
            self.ledger, pipeline.blobs, pipeline.keyring, self.remover, self.clock, revision, max_bytes=10_000
        )

    @property
    def own(self) -> Settings:
        return Settings(erasure=ErasureSettings(drain_seconds=60), keys=KeySettings(cache_seconds=5))

    # Uploads.

    async def upload(
        self,
        number: int,
        text: str,
        *people: str,
        fact: str = "",
        meanwhile: Callable[[], Awaitable[object]] | None = None,
    ) -> Flight | None:
        """None where it changed nothing. ``meanwhile``: between its two units of work."""
        self.clock.advance(timedelta(milliseconds=1))

        async def sending() -> AsyncIterator[bytes]:
            if meanwhile:
                await meanwhile()
            yield text.encode()

        request = UploadRequest(
            source_uri=f"file:///{number}.txt",
            subjects=tuple(SubjectMention("email", each) for each in people),
            filename=f"{number}.txt",
            media_type="text/plain",
        )
        receipt = await self.uploads.receive(self.admin, request, sending())
        if not receipt.workflow_id:
            return None
        flight = Flight(number, receipt.version_id, frozenset(people), fact)
        self._begun(flight)
        return flight

    def _begun(self, flight: Flight) -> None:
        self.flights.append(flight)
        workflow_id = self._workflow_id(flight.version_id)
        self.histories.runs[workflow_id] = 1
        self.histories.open.add(workflow_id)

    def _workflow_id(self, version_id: Id) -> str:
        return dispatch_id(DispatchKind.INGEST_DOCUMENT, self.tenant_id, version_id)

    @property
    def _steps(self) -> Sequence[Step]:
        pipeline = self.pipeline
        return (
            lambda ref: validate_document(pipeline, ref),
            lambda ref: parse_document(pipeline, ref),
            lambda ref: chunk_version(pipeline, ref),
            lambda ref: embed_chunks(pipeline, EmbedBatch(version=ref, start=0, stop=100)),
            lambda ref: index_version(pipeline, ref),
            lambda ref: verify_version(pipeline, ref),
            lambda ref: switch_version(pipeline, ref),
        )

    async def fly(self, flight: Flight, steps: int = 100, *, is_zombie: bool = False) -> None:
        """Its next steps; ``is_zombie``: one that had begun when its workflow was ended."""
        for _ in range(steps):
            workflow_id = self._workflow_id(flight.version_id)
            if flight.is_over:
                return
            if workflow_id in self.histories.cancelled and not is_zombie:
                await self._end(flight)
                return
            ref = VersionRef(tenant_id=self.tenant_id, version_id=flight.version_id)
            try:
                await self._steps[flight.done](ref)
            except VersionSuperseded:
                await self._end(flight)
            except LetheError as error:
                await self._fail(flight, ref, error)
            else:
                flight.done += 1
                if flight.done == len(self._steps):
                    flight.is_live = True
                    self.arrived.setdefault(flight.number, []).append(flight)
                    self._close(flight)

    def _close(self, flight: Flight) -> None:
        flight.is_over = True
        self.histories.open.discard(self._workflow_id(flight.version_id))

    async def _end(self, flight: Flight) -> None:
        self._close(flight)
        await self.remover.remove(self.tenant_id, flight.version_id)

    async def _fail(self, flight: Flight, ref: VersionRef, error: LetheError) -> None:
        """Its dead letter is opened, as the workflow does."""
        self._close(flight)
        journal = FailureJournal(
            self.ledger, self.pipeline.keyring, self.clock, self.pipeline.limits, self.own.failures
        )
        failed = StepFailure(version=ref, step="parse_document", code=error.code, attempts=1, failure_id=new_id())
        await journal.open(failed)

    async def begun_by_rewriting(self) -> None:
        """Versions that came in by themselves are driven like any other."""
        known = {each.version_id for each in self.flights}
        async with self.ledger.read() as uow:
            versions = [v for v in await self._versions() if v.status is Status.PENDING and v.id not in known]
            numbers = {each.version_id: each for each in self.flights}
            for version in versions:
                siblings = await uow.versions.of_document(self.tenant_id, version.document_id)
                live = [each.id for each in siblings if each.live_from is not None and each.live_until is None]
                before = next((numbers[each] for each in live if each in numbers), None)
                number, fact = (before.number, before.fact) if before else (-1, "")
                self._begun(Flight(number, version.id, frozenset(), fact))

    async def _versions(self) -> list[Version]:
        async with self.ledger.read() as uow:
            return await uow.texts.versions_after(self.tenant_id, None, 1_000)

    async def change_readers(self, number: int) -> None:
        """Of the document that the number names now; everybody still reads it."""
        live = next((v for v in await self._versions() if v.live_from is not None and self._number(v) == number), None)
        if live is None:
            return
        change = Change(self.admin, live, MetadataPatch(readers=(self.tenant_id, new_id())))
        with suppress(DocumentConflict):
            await write_metadata(self.ledger, self.pipeline.keyring, self.clock, change)
        await apply_metadata(self.pipeline, DocumentRef(tenant_id=self.tenant_id, document_id=live.document_id))

    def _number(self, version: Version) -> int:
        return next((each.number for each in self.flights if each.version_id == version.id), -1)

    async def replay_letters(self) -> None:
        """Everybody who failed is driven once more."""
        letters = Letters(self.ledger, self.clock, Ended(self))
        async with self.ledger.read() as uow:
            found = await uow.dead_letters.page(self.tenant_id, LetterFilter(), None, 100)
        for letter in found:
            with suppress(ClientError):
                await letters.decide(self.tenant_id, letter.id, LetterAction.RETRY, new_id())

    async def land(self, random: Random) -> None:
        """A write of before comes again, whoever sent it is gone."""
        memory, blobs = self.memory, self.pipeline.blobs
        assert isinstance(memory, RememberedIndex)
        assert isinstance(blobs, RememberedBlobs)
        if memory.written:
            build, objects = random.choice(memory.written)
            await InterruptedIndex.upsert(memory, build, objects)
        if blobs.written:
            blobs.contents.update([random.choice(blobs.written)])

    async def land_all(self) -> None:
        memory, blobs = self.memory, self.pipeline.blobs
        assert isinstance(memory, RememberedIndex)
        assert isinstance(blobs, RememberedBlobs)
        for build, objects in memory.written:
            with suppress(IndexBuildMissing):
                await InterruptedIndex.upsert(memory, build, objects)
        blobs.contents.update(blobs.written)
