"""Reranking by Cohere, second version of its API."""

import asyncio
import math
from collections.abc import Sequence
from typing import Final

import cohere
import httpx
from cohere.core.api_error import ApiError
from cohere.core.parse_error import ParsingError

from lethe.adapters.vendor_errors import InputTooLong, Refusal, error_of, no_answer
from lethe.errors import RerankerRefused, RerankerUnavailable
from lethe.model.processors import Operation, Origin, Processor
from lethe.privacy.processors import ProcessorLedger
from lethe.settings import CohereSettings

_URL: Final = "https://api.cohere.com"


class CohereReranker:
    """A Reranker over Cohere's own client, which is told not to retry. The caller limits the time."""

    def __init__(self, settings: CohereSettings, calls: ProcessorLedger, passage_characters: int) -> None:
        self._settings = settings
        self._calls = calls
        self._passage_characters = passage_characters
        self._processor = Processor("cohere", settings.region, settings.rerank_model, Operation.RERANK)
        self._http = httpx.AsyncClient(timeout=settings.timeout_seconds)
        self._client = cohere.AsyncClientV2(
            api_key=settings.api_key.get_secret_value() or "none",
            base_url=settings.base_url or _URL,
            httpx_client=self._http,
            max_retries=0,
        )

    async def rerank(self, question: str, passages: Sequence[str], origin: Origin) -> list[float]:
        """One call for all passages, each cut to what the settings let be sent."""
        if not passages:
            return []
        sent = [passage[: self._passage_characters] for passage in passages]
        async with self._calls.call(self._processor, origin, len(sent)):
            async with asyncio.timeout(self._settings.timeout_seconds):
                answer = await self._request(question, sent)
            return _scores(answer, len(sent))

    async def close(self) -> None:
        """Release connections."""
        await self._http.aclose()

    async def _request(self, question: str, passages: Sequence[str]) -> cohere.V2RerankResponse:
        try:
            return await self._client.rerank(
                model=self._settings.rerank_model, query=question, documents=passages, top_n=len(passages)
            )
        except ApiError as error:
            refusal = Refusal(error.status_code, error.headers or {}, str(error.body))
            raise _refused(refusal) from None
        except httpx.HTTPError as error:
            raise no_answer(RerankerUnavailable, error) from None
        except (ParsingError, ValueError):
            raise RerankerRefused("the answer is not what the API documents") from None


def _refused(refusal: Refusal) -> Exception:
    error = error_of(refusal, RerankerUnavailable, RerankerRefused)
    return RerankerRefused("the passages are longer than the model takes") if isinstance(error, InputTooLong) else error


def _scores(answer: cohere.V2RerankResponse, count: int) -> list[float]:
    """One finite score for each passage, whatever order they come in."""
    found: dict[int, float] = {}
    for each in getattr(answer, "results", None) or ():
        score = each.relevance_score
        if isinstance(each.index, int) and isinstance(score, int | float) and math.isfinite(score):
            found[each.index] = min(max(float(score), 0.0), 1.0)
    if found.keys() != set(range(count)):
        raise RerankerRefused("the answer does not score each passage once")
    return [found[place] for place in range(count)]
