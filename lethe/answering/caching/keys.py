"""What of an answer's making tells whether it may be given again: its key.

Whatever changes what would be answered is part of the key, so that nothing has to be invalidated but by its sources:
who asks (by rights, not by name), the index, the settings, and the question's words.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Self

from lethe.answering.calibration import REVISION
from lethe.answering.prompts import load_prompt, prompt_names
from lethe.answering.request import AnswerRequest
from lethe.answering.wording import WORDING_REVISION, plain_wording
from lethe.guards import GUARDS_REVISION
from lethe.model.answers import Question
from lethe.model.ids import Id
from lethe.ports.ledger import Standing
from lethe.privacy.digests import keyed_digest
from lethe.settings import CacheSettings, Settings


@dataclass(frozen=True, slots=True)
class CachePolicy:
    """Which answers are given again. ``profile`` says what they are made by: models, prompt, retrieval."""

    profile: str = ""
    settings: CacheSettings = field(default_factory=lambda: CacheSettings(answers=False))

    @classmethod
    def from_settings(cls, settings: Settings, spec_key: str, rewording: str = "") -> Self:
        """``spec_key``: of the embedding model. ``rewording``: the version of that prompt, if a model rewords.

        An edited prompt counts, whichever is in use.
        """
        answering = settings.answering.model_dump_json(exclude={"prices", "currency"})
        chain = ",".join(entry.model_dump_json() for entry in settings.chat_chain)
        # Everything that an answer has to pass, or that chooses what it is made from.
        sections = (settings.retrieval, settings.rerank, settings.guards, settings.grounding)
        passed = (*(section.model_dump_json() for section in sections), settings.cohere.rerank_model, GUARDS_REVISION)
        prompts = (load_prompt(name).version for name in prompt_names())
        profile = "\n".join((answering, chain, *passed, spec_key, rewording, REVISION, WORDING_REVISION, *prompts))
        return cls(profile, settings.caching)

    def covers(self, request: AnswerRequest) -> bool:
        """Whether the request may be given an earlier answer, and its answer to a later one."""
        return self.settings.answers and not request.no_store

    def oldest(self, now: datetime) -> datetime:
        """What is not younger is made anew."""
        return now - timedelta(seconds=self.settings.seconds)


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, and a key for digests of the tenant's."""

    tenant_id: Id
    principal_id: Id
    readers: frozenset[Id]
    digest_key: bytes

    @classmethod
    def of(cls, question: Question, digest_key: bytes) -> Self:
        """Of a stored question."""
        return cls(question.tenant_id, question.principal_id, frozenset(question.readers), digest_key)


@dataclass(frozen=True, slots=True)
class AnswerKey:
    """``whole`` digests all that an answer depends on, ``bucket`` all but the question's words."""

    bucket: str
    whole: str


def answer_key(
    policy: CachePolicy, asker: Asker, request: AnswerRequest, standing: Standing, build_id: Id
) -> AnswerKey:
    """Two principals share answers if their groups are the same and no document names either of them."""
    rights = asker.readers if standing.is_named else asker.readers - {asker.principal_id}
    made_by = (build_id, policy.profile, standing.glossary_id)
    return _digested(asker, rights, request, made_by)


def _digested(asker: Asker, rights: Collection[Id], request: AnswerRequest, made_by: tuple[str, ...]) -> AnswerKey:
    how = request.model_dump_json(exclude={"text", "no_store"})
    who = (asker.tenant_id, str(len(rights)), *sorted(rights))
    bucket = keyed_digest(asker.digest_key, "answer-cache", *who, how, *made_by)
    wording = plain_wording(request.text)
    return AnswerKey(bucket, keyed_digest(asker.digest_key, "answer-cache.question", bucket, wording))
