"""The sealed part of a question."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field

from lethe.model.ids import Id
from lethe.ports.search import AttributeFilter, SearchRequest
from lethe.privacy.sealing import Purpose, seal, unseal
from lethe.settings import MAX_RESULTS


class AnswerRequest(BaseModel):
    """A guarded question and how to search for it.

    ``attributes``: compiled filters (lethe.retrieval.filters.compile_filters). ``alpha`` 1 = vector only, None = as
    suits the question's language. ``no_store``: answered anew, and for nobody else.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str
    top_k: Annotated[int, Field(ge=1, le=MAX_RESULTS)]
    alpha: Annotated[float, Field(ge=0, le=1)] | None
    attributes: AttributeFilter = None
    no_store: bool = False
    rerank: bool = True

    def search(self, tenant_id: Id, readers: frozenset[Id], seq: int) -> SearchRequest:
        """The search for its passages, as of ``seq``."""
        return SearchRequest(
            tenant_id=tenant_id,
            readers=readers,
            seq=seq,
            text=self.text,
            top_k=self.top_k,
            alpha=self.alpha,
            attributes=self.attributes,
            rerank=self.rerank,
        )

    def sealed(self, key: bytes) -> bytes:
        """This request under the question's data key."""
        return seal(key, Purpose.QUESTION, self.model_dump_json().encode())

    @classmethod
    def opened(cls, key: bytes, sealed: bytes) -> Self:
        """What `sealed` made. Raises SealBroken."""
        return cls.model_validate_json(unseal(key, Purpose.QUESTION, sealed))
