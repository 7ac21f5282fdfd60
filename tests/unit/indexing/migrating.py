"""A migration taken through its steps as its workflow takes them, in one process."""

from dataclasses import dataclass, replace
from typing import Final

from lethe.contracts.indexing import BuildRef
from lethe.contracts.migrations import CheckStep, Judged, JudgeStep, VectorTally
from lethe.indexing.migration.checking import VectorCheck
from lethe.indexing.migration.migrations import Migrations
from lethe.indexing.migration.planning import MigrationPlanner, MigrationWish
from lethe.indexing.migration.rechecking import Recheck
from lethe.indexing.migration.running import MigrationRunner
from lethe.indexing.migration.targets import Target
from lethe.ingestion.steps.embedding import LostVectors
from lethe.model.answers import Question, QuestionState
from lethe.model.ids import Id, new_id
from lethe.model.migrations import Migration, MigrationState
from lethe.model.principals import Caller, Role
from lethe.privacy.sealing import Purpose, seal_json
from lethe.retrieval.migrating import MigrationGate
from lethe.retrieval.shadowing import ShadowReader
from lethe.settings import MigrationSettings, RetrievalSettings, Settings
from tests.unit.indexing.world import World

GATE: Final = MigrationSettings(latency_free_ms=60_000)


async def over(world: World, *texts: str, gate: MigrationSettings = GATE) -> "Migrating":
    """A world of these documents, each line a chunk, to be migrated."""
    for number, text in enumerate(texts):
        await world.write(number, text)
    return Migrating(world, gate)


def twice(*words: str) -> list[str]:
    """A document of two chunks for each word."""
    return [f"{word}\n{word} again" for word in words]


@dataclass
class Migrating:
    """``settings``: of the gate."""

    world: World
    settings: MigrationSettings

    @property
    def caller(self) -> Caller:
        return Caller(self.world.tenant_id, new_id(), Role.ADMIN)

    @property
    def targets(self) -> tuple[Target, ...]:
        return tuple(Target(each.spec, each.tokenizer.max_tokens) for each in (self.world.embedder, self.world.other))

    @property
    def migrations(self) -> Migrations:
        prices = Settings().answering
        planner = MigrationPlanner(self.world.ledger, self.targets, 200, prices, self.settings)
        return Migrations(self.world.ledger, self.world.pipeline.clock, planner, 5.0)

    @property
    def runner(self) -> MigrationRunner:
        return MigrationRunner(self.world.planner, self.settings)

    @property
    def gate(self) -> MigrationGate:
        world, keyring = self.world, self.world.pipeline.keyring
        maker = LostVectors(world.pipeline)
        check = VectorCheck(world.ledger, keyring, world.index, maker, world.settings, self.settings)
        models = (world.embedder, world.other)
        reader = ShadowReader(world.ledger, keyring, world.index, models, RetrievalSettings(), self.settings)
        return MigrationGate(check, reader, self.runner)

    async def planned(self, model: str | None = None, **wish: object) -> BuildRef:
        """Asked for, and not begun."""
        made = MigrationWish(model=model or self.world.other.spec.key)
        migration = await self.migrations.begin(self.caller, replace(made, **wish), new_id())  # pyright: ignore[reportArgumentType]
        return BuildRef(tenant_id=migration.tenant_id, build_id=migration.id)

    async def opened(self, model: str | None = None, **wish: object) -> BuildRef:
        """Planned, and its build empty."""
        ref = await self.planned(model, **wish)
        await self.runner.open(ref)
        return ref

    @property
    def recheck(self) -> Recheck:
        return Recheck(self.gate.check, self.runner)

    async def begun(self, model: str | None = None, **wish: object) -> BuildRef:
        """Planned, and its build filled."""
        ref = await self.opened(model, **wish)
        await self.world.followed(ref)
        assert await self.world.reconciled(ref) == 0
        return ref

    async def judged(self, ref: BuildRef) -> Judged:
        after, tally = None, VectorTally()
        await self.runner.check(ref)
        while True:
            checked = await self.gate.check.step(CheckStep(**ref.model_dump(), after=after, tally=tally))
            after, tally = checked.after, checked.tally
            if after is None:
                return await self.gate.judge(JudgeStep(**ref.model_dump(), tally=tally))

    async def serving(self, ref: BuildRef) -> None:
        assert (await self.judged(ref)).passed
        assert (await self.world.cutover.close(ref)).is_active
        assert (await self.row(ref)).state is MigrationState.SOAKING

    async def row(self, ref: BuildRef) -> Migration:
        return (await self.migrations.get(self.caller, ref.build_id)).migration

    async def asked(self, text: str) -> Id:
        """A question of somebody who may read everything."""
        question_id, tenant_id = new_id(), self.world.tenant_id
        key = await self.world.pipeline.keyring.create(tenant_id, question_id)
        sealed = seal_json(key, Purpose.QUESTION, {"text": text})
        now = self.world.pipeline.clock.now()
        question = Question(tenant_id, question_id, new_id(), (tenant_id,), sealed, QuestionState.ANSWERED, 0, now)
        async with self.world.ledger.write() as uow:
            await uow.questions.add(question)
        return question_id
