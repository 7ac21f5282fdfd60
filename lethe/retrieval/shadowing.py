"""Shadow reads: questions that were asked before, asked of two builds; nobody is shown what is found."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from lethe.errors import EmbedderUnavailable
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


@dataclass(frozen=True, slots=True)
class ShadowReader:
    """``models``: every embedder that is configured."""

    ledger: Ledger
    keyring: KeyRing
    index: VectorIndex
    models: tuple[Embedder, ...]
    retrieval: RetrievalSettings
    settings: MigrationSettings

    async def read(self, before: IndexBuild, after: IndexBuild, judgements: Mapping[Id, Sequence[Id]]) -> list[Shadow]:
        """Judged questions (those given, else those whose answers somebody liked), and the newest ones besides.

        Raises EmbedderUnavailable, IndexUnavailable: it is then tried again, for nothing was decided.
        """
        judged = dict(judgements) or await self._liked(before.tenant_id)
        questions = await self._questions(before.tenant_id, list(judged))
        keys = await self.keyring.get_many(before.tenant_id, [question.id for question in questions])
        texts = {each.id: _text(keys[each.id], each) for each in questions if each.id in keys}
        needles = await standing_needles(self.ledger, self.keyring, before.tenant_id)
        shadows: list[Shadow] = []
        for place, question in enumerate(questions):
            text = texts.get(question.id)
            # Whoever is being erased is named to nobody any more.
            if text is None or needles.hides(text):
                continue
            # Whoever is asked second finds caches warm: each is that half of the time.
            first, second = (before, after) if place % 2 else (after, before)
            asked = {build.id: await self._asked(build, question, text) for build in (first, second)}
            (hits_before, ms_before), (hits_after, ms_after) = asked[before.id], asked[after.id]
            relevant = frozenset(judged.get(question.id, ()))
            shadows.append(Shadow(relevant, hits_before, hits_after, ms_before, ms_after))
        return shadows

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

    async def _asked(self, build: IndexBuild, question: Question, text: str) -> tuple[list[Hit], float]:
        embedder = model_of(build.spec, *self.models)
        if embedder is None:
            raise EmbedderUnavailable("No configured embedder is the one of the build.")
        origin = Origin(build.tenant_id, frozenset({question.id}), question.principal_id)
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
        return hits, elapsed_ms(started)


def _text(key: bytes, question: Question) -> str:
    request = cast("Mapping[str, Any]", unseal_json(key, Purpose.QUESTION, question.sealed_request))
    return str(request["text"])
