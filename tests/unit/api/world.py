"""An API over a real SQLite ledger, with the stores that need a server replaced by small stand-ins."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import httpx

from api.app import create_app
from api.cursors import Cursors
from api.flights import Flights
from api.idempotency import Idempotency
from api.limits import InFlight
from api.running import Running
from api.services import Services
from lethe.adapters.breakers import make_breakers
from lethe.adapters.fakes.blobs import FakeBlobs
from lethe.adapters.fakes.clock import FakeClock
from lethe.adapters.fakes.embedding import HashEmbedder
from lethe.adapters.fakes.keywords import InMemoryKeywordIndex
from lethe.adapters.fakes.schedules import FakeSchedules
from lethe.adapters.fakes.sources import FakeSources
from lethe.adapters.fakes.vectors import InMemoryVectorIndex
from lethe.adapters.keyring import SqlKeyRing
from lethe.adapters.sql import SqlLedger
from lethe.adapters.tokens import InProcessTokens
from lethe.answering.caching.keys import CachePolicy
from lethe.answering.deps import Answering
from lethe.answering.steps import finish, generate, retrieve, settle
from lethe.contracts.answering import AnswerOutcome, QuestionRef
from lethe.errors import LetheError
from lethe.indexing.migration.migrations import Migrations
from lethe.indexing.migration.planning import MigrationPlanner
from lethe.indexing.migration.targets import Target
from lethe.ingestion.bulk.ingestions import Ingestions
from lethe.ingestion.bulk.receiving import Receiving
from lethe.ingestion.documents import Documents
from lethe.ingestion.letters import Letters
from lethe.ingestion.quarantines import Quarantines
from lethe.ingestion.removal import VersionRemover
from lethe.ingestion.restricting import Restrictions
from lethe.ingestion.retention_policy import RetentionRules
from lethe.ingestion.revision import PipelineRevision
from lethe.ingestion.selections import Selections
from lethe.ingestion.sync.ordering import Rounds
from lethe.ingestion.sync.overdue import OverdueSources
from lethe.ingestion.sync.pausing import Pauses
from lethe.ingestion.sync.registry import Sources
from lethe.ingestion.uploads import Uploads
from lethe.model.ids import Id, new_id
from lethe.model.operations import Dispatch, LetterAction
from lethe.model.principals import ApiKey, Role, Tenant
from lethe.ports.ledger import UnitOfWork
from lethe.ports.search import Found, LookedAgain, Passage, SearchRequest
from lethe.ports.vectors import Hit
from lethe.ports.workflows import Answered
from lethe.privacy.credentials import new_secret, secret_digest
from lethe.privacy.erasure.intake import Erasures
from lethe.privacy.erasure.review import Reviews
from lethe.privacy.erasure.suppressing import Lifting
from lethe.privacy.provider_policy import ProviderPolicy, configured_processors
from lethe.retrieval.glossary import Glossaries
from lethe.settings import Price, Settings
from lethe.webhooks.registry import Webhooks
from tests.unit.certificates.issuers import issuer
from workers.failpoints import Failpoint

DOCUMENT_BYTES = 300_000
JSON_BYTES = 20_000


class SteppingClock(FakeClock):
    """No two rows are of the same instant."""

    def now(self) -> datetime:
        return self.advance(timedelta(milliseconds=1))


@dataclass
class GivenPassages:
    """A PassageSearch that finds what the test puts in; ``withdrawn`` passages no longer pass the gate.

    ``only_for``: the reader id that a passage is opened again for; the others for everybody.
    """

    passages: list[Passage] = field(default_factory=list[Passage])
    withdrawn: set[Id] = field(default_factory=set[Id])
    only_for: dict[Id, Id] = field(default_factory=dict[Id, Id])
    requests: list[SearchRequest] = field(default_factory=list[SearchRequest])

    async def find(self, request: SearchRequest) -> Found:
        self.requests.append(request)
        kept = [passage for passage in self.passages if passage.chunk_id not in self.withdrawn]
        return Found(tuple(kept[: request.top_k]), (), new_id())

    async def reopen(
        self, tenant_id: Id, scores: Mapping[Id, float], *, seq: int, readers: frozenset[Id]
    ) -> list[Passage]:
        gone = self.withdrawn | {chunk_id for chunk_id, reader in self.only_for.items() if reader not in readers}
        found = {passage.chunk_id: passage for passage in self.passages if passage.chunk_id not in gone}
        return [found[chunk_id] for chunk_id in scores if chunk_id in found]

    async def look_again(
        self, uow: UnitOfWork, tenant_id: Id, scores: Mapping[Id, float], *, seq: int, readers: frozenset[Id]
    ) -> LookedAgain:
        found = await self.reopen(tenant_id, scores, seq=seq, readers=readers)
        hits = [Hit(passage.chunk_id, passage.version_id, passage.document_id, passage.score) for passage in found]
        return LookedAgain(tenant_id, hits, {}, await uow.erasures.fenced_identifiers(tenant_id))

    async def opened(self, looked: LookedAgain) -> list[Passage]:
        found = {passage.chunk_id: passage for passage in self.passages}
        return [found[hit.chunk_id] for hit in looked.hits]

    async def around(
        self, tenant_id: Id, passages: Sequence[Passage], *, seq: int, readers: frozenset[Id]
    ) -> list[Passage]:
        return []


@dataclass
class InProcessWorkflows:
    """Runs a question's steps at once; remembers dispatches; ``fails_with`` stands for Temporal being away."""

    deps: Answering
    dispatched: list[Dispatch] = field(default_factory=list[Dispatch])
    fails_with: LetheError | None = None
    answers: dict[str, Answered] = field(default_factory=dict[str, Answered])
    """By workflow id, what an ingestion makes of a decision; one that is not here has ended."""
    looks: list[Id] = field(default_factory=list[Id])
    decided: list[tuple[str, LetterAction]] = field(default_factory=list[tuple[str, LetterAction]])
    answered: list[QuestionRef] = field(default_factory=list[QuestionRef])
    answers_here: bool = True

    async def resolve(self, workflow_id: str, action: LetterAction, decision_id: Id) -> Answered:
        if self.fails_with:
            raise self.fails_with
        self.decided.append((workflow_id, action))
        return self.answers.get(workflow_id, Answered.ENDED)

    async def start(self, dispatch: Dispatch) -> None:
        if self.fails_with:
            raise self.fails_with
        self.dispatched.append(dispatch)

    async def look(self, tenant_id: Id, ingestion_id: Id) -> None:
        if self.fails_with:
            raise self.fails_with
        self.looks.append(ingestion_id)

    async def look_at_erasure(self, tenant_id: Id, erasure_id: Id) -> None:
        await self.look(tenant_id, erasure_id)

    async def look_at_migration(self, tenant_id: Id, migration_id: Id) -> None:
        await self.look(tenant_id, migration_id)

    async def answer(self, ref: QuestionRef) -> AnswerOutcome:
        if self.fails_with:
            raise self.fails_with
        self.answered.append(ref)
        drafted = await generate(self.deps, await retrieve(self.deps, ref))
        return await settle(self.deps, drafted) or await finish(self.deps, drafted)


@dataclass
class World:
    services: Services
    clock: SteppingClock
    blobs: FakeBlobs
    search: GivenPassages
    workflows: InProcessWorkflows
    client: httpx.AsyncClient
    sources: FakeSources
    schedules: FakeSchedules
    tenant_id: Id = ""
    admin: str = ""
    writer: str = ""
    reader: str = ""
    foreign_admin: str = ""

    async def tenant(self) -> Id:
        tenant_id = new_id()
        async with self.services.ledger.write() as uow:
            await uow.tenants.add(Tenant(tenant_id, f"tenant {tenant_id}", 0, self.clock.now()))
        await self.services.keyring.create_tenant(tenant_id)
        return tenant_id

    async def key(
        self, tenant_id: Id, role: Role, *, groups: frozenset[Id] = frozenset(), principal_id: Id | None = None
    ) -> str:
        secret = new_secret()
        async with self.services.ledger.write() as uow:
            await uow.api_keys.add(
                ApiKey(
                    tenant_id,
                    new_id(),
                    principal_id or new_id(),
                    role,
                    groups,
                    secret_digest(secret),
                    self.clock.now(),
                )
            )
        return secret

    async def get(self, path: str, key: str | None = None, **options: Any) -> httpx.Response:
        return await self.client.get(path, headers={"X-API-Key": key or self.admin}, **options)

    async def post(
        self, path: str, key: str | None = None, *, idem: str | None = None, **options: Any
    ) -> httpx.Response:
        headers = {"X-API-Key": key or self.admin} | ({"Idempotency-Key": idem} if idem else {})
        return await self.client.post(path, headers=headers | options.pop("headers", {}), **options)

    async def upload(self, text: str = "Lethe is a river.", key: str | None = None, **fields: object) -> httpx.Response:
        return await self.post("/v1/documents", key, json={"text": text, **fields})


@asynccontextmanager
async def open_world(settings: Settings) -> AsyncGenerator[World]:
    """The API over the settings' ledger and key ring."""
    ledger, keyring = SqlLedger.from_settings(settings), SqlKeyRing.from_settings(settings)
    clock, blobs, search, embedder = SteppingClock(), FakeBlobs(), GivenPassages(), HashEmbedder()
    caching = CachePolicy("world", settings.caching)
    answering = Answering(ledger, keyring, search, embedder, clock, InProcessTokens(), caching=caching)
    workflows = InProcessWorkflows(answering)
    sources, schedules = FakeSources(), FakeSchedules()
    uploads = Uploads(
        ledger=ledger,
        blobs=blobs,
        keyring=keyring,
        remover=VersionRemover(ledger, blobs, keyring, InMemoryVectorIndex(), InMemoryKeywordIndex()),
        clock=clock,
        revision=PipelineRevision("p1", "c1"),
        max_bytes=settings.limits.document_bytes,
    )
    services = Services(
        settings=settings,
        ledger=ledger,
        keyring=keyring,
        clock=clock,
        uploads=uploads,
        receiving=Receiving(ledger, keyring, uploads, clock),
        ingestions=Ingestions(ledger, keyring, clock),
        documents=Documents(ledger, keyring, clock),
        quarantines=Quarantines(ledger, keyring, clock),
        letters=Letters(ledger, clock, workflows),
        selections=Selections(ledger, keyring, clock),
        sources=Sources(ledger, keyring, sources, clock),
        rounds=Rounds(ledger, keyring, clock),
        schedules=schedules,
        pauses=Pauses(ledger, schedules, clock),
        overdue=OverdueSources(ledger, clock, 30.0),
        erasures=Erasures(ledger, keyring, clock, settings.erasure),
        reviews=Reviews(ledger, keyring, clock, settings.erasure),
        lifting=Lifting(ledger, keyring, clock),
        restrictions=Restrictions(ledger, clock),
        retention=RetentionRules(ledger, clock, settings.retention),
        certificates=issuer(ledger, clock),
        migrations=migrations(ledger, clock, embedder),
        webhooks=Webhooks(ledger, keyring, clock, settings.webhooks),
        glossaries=Glossaries(ledger, keyring, clock),
        provider_policy=ProviderPolicy(ledger, clock, configured_processors(settings)),
        answering=answering,
        workflows=workflows,
        cursors=Cursors(keyring),
        idempotency=Idempotency(ledger, keyring, clock, hours=settings.limits.idempotency_hours),
        questions=InFlight(settings.api.max_in_flight_questions),
        flights=Flights(),
        breakers=make_breakers(settings, None, clock),
        streams=InFlight(settings.api.max_streams),
        running=Running(),
        failpoint=Failpoint.from_settings(settings.testing),
        probes={"sql": ledger.ready, "keyring": keyring.ready, "blobs": blobs.ready},
    )
    transport = httpx.ASGITransport(app=create_app(services))
    async with httpx.AsyncClient(transport=transport, base_url="http://lethe") as client:
        world = World(services, clock, blobs, search, workflows, client, sources, schedules)
        world.tenant_id = await world.tenant()
        world.admin = await world.key(world.tenant_id, Role.ADMIN)
        world.writer = await world.key(world.tenant_id, Role.WRITER)
        world.reader = await world.key(world.tenant_id, Role.READER)
        world.foreign_admin = await world.key(await world.tenant(), Role.ADMIN)
        yield world
    await ledger.close()
    await keyring.close()


def migrations(ledger: SqlLedger, clock: SteppingClock, embedder: HashEmbedder) -> Migrations:
    """To a model that costs nothing, and to one that is asked of somebody and takes short texts only."""
    spec, settings = embedder.spec, Settings()
    targets = (
        Target(spec, 254),
        Target(replace(spec, model="other"), 254, "openai", "openai:other"),
        Target(replace(spec, model="small"), 16),
    )
    price = Price(name="openai:other", input_micros=1_000_000)
    prices = settings.answering.model_copy(update={"prices": (price,)})
    return Migrations(ledger, clock, MigrationPlanner(ledger, targets, 222, prices, settings.migrations), 5.0)
