"""Questions with their answers, verdicts on them, and answers kept for the next one who asks the same."""

from collections.abc import Sequence
from dataclasses import dataclass

from lethe.model.ids import Id
from lethe.model.personal_data import Item, ItemKind, StoreName, Trace
from lethe.ports.ledger import Ledger
from lethe.ports.personal_data import Located
from lethe.privacy.erasure.stores.base import Deleting, batches, items_of, refs_of

BATCH = 200


@dataclass(frozen=True, slots=True)
class AnswerCacheStore(Deleting):
    """Entries of the person's questions, and those made from what goes."""

    ledger: Ledger
    name = StoreName.ANSWER_CACHE

    async def locate(self, tenant_id: Id, trace: Trace) -> Located:
        return Located(
            items_of(self.name, ItemKind.QUESTION, trace.questions)
            + items_of(self.name, ItemKind.VERSION, trace.versions)
        )

    async def erase(self, tenant_id: Id, items: Sequence[Item]) -> None:
        if questions := refs_of(items, ItemKind.QUESTION):
            async with self.ledger.write() as uow:
                await uow.personal.forget_cached(tenant_id, questions)
        for some in batches(refs_of(items, ItemKind.VERSION), BATCH):
            async with self.ledger.write() as uow:
                for version_id in some:
                    await uow.answer_cache.forget_version(tenant_id, version_id)

    async def remaining(self, tenant_id: Id, items: Sequence[Item]) -> int:
        async with self.ledger.read() as uow:
            return await uow.personal.count_cached(
                tenant_id, refs_of(items, ItemKind.QUESTION), refs_of(items, ItemKind.VERSION)
            )


@dataclass(frozen=True, slots=True)
class QuestionStore(Deleting):
    """What the person asked, and what others asked whose answer quotes what goes; their keys went before."""

    ledger: Ledger
    name = StoreName.QUESTIONS

    async def locate(self, tenant_id: Id, trace: Trace) -> Located:
        return Located(items_of(self.name, ItemKind.QUESTION, trace.questions))

    async def erase(self, tenant_id: Id, items: Sequence[Item]) -> None:
        for some in batches(refs_of(items, ItemKind.QUESTION), BATCH):
            async with self.ledger.write() as uow:
                await uow.questions.delete(tenant_id, some)

    async def remaining(self, tenant_id: Id, items: Sequence[Item]) -> int:
        async with self.ledger.read() as uow:
            return await uow.personal.count(tenant_id, ItemKind.QUESTION, refs_of(items, ItemKind.QUESTION))


@dataclass(frozen=True, slots=True)
class FeedbackStore(Deleting):
    """Verdicts and their reasons."""

    ledger: Ledger
    name = StoreName.FEEDBACK

    async def locate(self, tenant_id: Id, trace: Trace) -> Located:
        async with self.ledger.read() as uow:
            rated = [each for each in sorted(trace.questions) if await uow.feedback.get(tenant_id, each) is not None]
        return Located(items_of(self.name, ItemKind.QUESTION, rated))

    async def erase(self, tenant_id: Id, items: Sequence[Item]) -> None:
        async with self.ledger.write() as uow:
            await uow.personal.forget_verdicts(tenant_id, refs_of(items, ItemKind.QUESTION))

    async def remaining(self, tenant_id: Id, items: Sequence[Item]) -> int:
        async with self.ledger.read() as uow:
            given = [await uow.feedback.get(tenant_id, each) for each in refs_of(items, ItemKind.QUESTION)]
        return sum(one is not None for one in given)
