"""Shadow reads: questions that were asked before, asked of two builds; nobody is shown what is found."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, cast

from lethe.errors import EmbedderRefused, EmbedderUnavailable, EmbeddingInvalid, ProviderNotAllowed
from lethe.indexing.migration.gate import DEPTH, Shadow
from lethe.model.answers import Question
from lethe.model.feedback import FeedbackFilter, Verdict
from lethe.model.ids import Id
from lethe.model.indexes import IndexBuild
from lethe.model.processors import Origin
from lethe.model.terms import query_terms
from lethe.ports.embedding import Embedder, InputKind, model_of
from lethe.ports.keyring import KeyRing
from lethe.ports.ledger import Ledger
from lethe.ports.vectors import Hit, HybridQuery, VectorIndex
from lethe.privacy.erasure.needles import standing_needles
from lethe.privacy.sealing import Purpose, unseal_json
from lethe.retrieval.languages import question_languages
from lethe.retrieval.timing import elapsed_ms
from lethe.settings import MigrationSettings, RetrievalSettings

Asked: TypeAlias = tuple[list[Hit], float]

_REFUSED: Final = (EmbedderRefused, ProviderNotAllowed)
_SILENT: Final = (EmbedderUnavailable, EmbeddingInvalid, TimeoutError)
_MISSED_MOST: Final = 5
"""Questions left out in a row before it is the model that cannot be asked, not a question."""


@dataclass(frozen=True, slots=True)
class ShadowReads:
    """``unasked``: questions that one of the two models could not be asked."""

    shadows: list[Shadow]
    unasked: int


@dataclass(frozen=True, slots=True)
class ShadowReader:
    """``models``: every embedder that is configured."""

    ledger: Ledger
    keyring: KeyRing
    index: VectorIndex
    models: tuple[Embedder, ...]
    retrieval: RetrievalSettings
    settings: MigrationSettings

    async def read(
        self, before: IndexBuild, after: IndexBuild, judgements: Mapping[Id, Sequence[Id]], *, waits: bool = True
    ) -> ShadowReads:
        """Judged questions (those given, else those whose answers somebody liked), and the newest ones besides.

        ``waits``: whether a model of what serves that gives no answer is tried again; else such questions are left out,
        as those are that a model refuses. Raises EmbedderUnavailable, EmbeddingInvalid, IndexUnavailable: nothing was
        decided.
        """
        liked = {} if judgements else await self._liked(before.tenant_id)
        questions = await self._questions(before.tenant_id, [*judgements, *liked])
        keys = await self.keyring.get_many(before.tenant_id, [question.id for question in questions])
        texts = {each.id: _text(keys[each.id], each) for each in questions if each.id in keys}
        needles = await standing_needles(self.ledger, self.keyring, before.tenant_id)
        # Whoever is being erased is named to nobody any more.
        askable = [each for each in questions if each.id in texts and not needles.hides(texts[each.id])]
        shadows: list[Shadow] = []
        missed = 0
        for place, question in enumerate(askable):
            # Whoever is asked second finds caches warm: each is that half of the time.
            order = (before, after) if place % 2 else (after, before)
            asked = await self._both(order, question, texts[question.id], None if waits else before)
            missed = 0 if asked else missed + 1
            if missed == _MISSED_MOST:
                break
            if asked:
                (hits_before, ms_before), (hits_after, ms_after) = asked[before.id], asked[after.id]
                relevant, cited = (frozenset(each.get(question.id, ())) for each in (judgements, liked))
                shadows.append(Shadow(relevant, hits_before, hits_after, ms_before, ms_after, cited))
        return ShadowReads(shadows, len(askable) - len(shadows))

    async def _both(
        self, builds: Sequence[IndexBuild], question: Question, text: str, may_be_silent: IndexBuild | None
    ) -> dict[Id, Asked]:
        """By the build; empty where one's model cannot be asked."""
        asked: dict[Id, Asked] = {}
        for build in builds:
            try:
                asked[build.id] = await self._asked(build, question, text)
            except _REFUSED:
                return {}
            except _SILENT:
                if build is not may_be_silent:
                    raise
                return {}
        return asked

    async def _liked(self, tenant_id: Id) -> dict[Id, Sequence[Id]]:
        async with self.ledger.read() as uow:
            rated = await uow.feedback.page(
                tenant_id, FeedbackFilter(verdict=Verdict.UP), None, self.settings.questions
            )
        return {each.feedback.question_id: each.document_ids for each in rated if each.document_ids}

    async def _questions(self, tenant_id: Id, judged: Sequence[Id]) -> list[Question]:
        async with self.ledger.read() as uow:
            named = [await uow.questions.get(tenant_id, each) for each in judged]
            recent = await uow.questions.newest(tenant_id, self.settings.questions)
        found = {each.id: each for each in (*named, *recent) if each is not None and each.sealed_request}
        return list(found.values())

    async def _asked(self, build: IndexBuild, question: Question, text: str) -> Asked:
        embedder = model_of(build.spec, *self.models)
        if embedder is None:
            raise EmbedderRefused("No configured embedder is the one of the build.")
        # Nobody asks: of whoever did once it is no use of theirs.
        origin = Origin(build.tenant_id, frozenset({question.id, build.id}))
        started = time.perf_counter()
        (vector,) = await embedder.embed([text], InputKind.QUERY, origin)
        query = HybridQuery(
            terms=query_terms(text, question_languages(text)),
            vector=vector,
            alpha=self.retrieval.alpha,
            limit=DEPTH,
            readers=frozenset(question.readers),
        )
        hits = await self.index.search(build, query)
        took = elapsed_ms(started)
        return await self._shown(build.tenant_id, hits), took

    async def _shown(self, tenant_id: Id, hits: Sequence[Hit]) -> list[Hit]:
        """Without what nobody is shown now: a build of another model was made without it."""
        async with self.ledger.read() as uow:
            shown = {chunk.id for chunk in await uow.chunks.served(tenant_id, [hit.chunk_id for hit in hits])}
        return [hit for hit in hits if hit.chunk_id in shown]


def _text(key: bytes, question: Question) -> str:
    request = cast("Mapping[str, Any]", unseal_json(key, Purpose.QUESTION, question.sealed_request))
    return str(request["text"])
