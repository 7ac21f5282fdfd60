"""Embeddings of Cohere, second version of its API."""

from collections.abc import Mapping, Sequence
from typing import Final, cast

import cohere
import httpx
from cohere.core.api_error import ApiError
from cohere.core.parse_error import ParsingError
from cohere.v2.client import OMIT

from lethe.adapters.embedding.checks import in_order
from lethe.adapters.embedding.counting import EstimatingTokenizer
from lethe.adapters.embedding.remote import RemoteEmbedder, need, spec_of
from lethe.adapters.embedding.vendor import Reply
from lethe.adapters.vendor_errors import Refusal, error_of, no_answer
from lethe.errors import EmbedderRefused, EmbedderUnavailable, EmbeddingInvalid
from lethe.ports.embedding import InputKind
from lethe.privacy.processors import ProcessorLedger
from lethe.settings import CohereSettings

_URL: Final = "https://api.cohere.com"
_OMIT: Final = cast("int", OMIT)
_INPUT_TYPES: Final[Mapping[InputKind, str]] = {
    InputKind.DOCUMENT: "search_document",
    InputKind.QUERY: "search_query",
}


class CohereEmbeddings:
    """An EmbeddingVendor over Cohere's own client, which is told not to retry, and never to cut a text silently."""

    def __init__(self, settings: CohereSettings) -> None:
        self._settings = settings
        self._http = httpx.AsyncClient(timeout=settings.timeout_seconds)
        self._client = cohere.AsyncClientV2(
            api_key=settings.api_key.get_secret_value() or "none",
            base_url=settings.base_url or _URL,
            httpx_client=self._http,
            max_retries=0,
        )

    async def request(self, texts: Sequence[str], kind: InputKind) -> Reply:
        dims = self._settings.embedding_dims
        try:
            answer = await self._client.embed(
                model=self._settings.embedding_model,
                input_type=_INPUT_TYPES[kind],
                texts=list(texts),
                embedding_types=["float"],
                truncate="NONE",
                output_dimension=dims if self._settings.embedding_shorten else _OMIT,
            )
        except ApiError as error:
            refusal = Refusal(error.status_code, error.headers or {}, str(error.body))
            raise error_of(refusal, EmbedderUnavailable, EmbedderRefused) from error
        except httpx.HTTPError as error:
            raise no_answer(EmbedderUnavailable, error) from error
        except (ParsingError, ValueError) as error:
            raise EmbeddingInvalid("the answer is not what the API documents") from error
        found: object = getattr(getattr(answer, "embeddings", None), "float_", None)
        vectors = cast("list[object]", found) if isinstance(found, list) else []
        return Reply(in_order(enumerate(vectors), count=len(texts), dims=dims), _tokens(answer))

    async def close(self) -> None:
        await self._http.aclose()


def embedder(settings: CohereSettings, calls: ProcessorLedger) -> RemoteEmbedder:
    """Raises ConfigurationError without a key or another address. Its tokenizer would be fetched: it is estimated."""
    need("cohere.api_key", settings.api_key, settings.base_url)
    tokenizer = EstimatingTokenizer(settings.embedding_input_tokens)
    spec = spec_of(settings, "search-types")
    return RemoteEmbedder(CohereEmbeddings(settings), spec, tokenizer, settings, provider="cohere", calls=calls)


def _tokens(answer: cohere.EmbedByTypeResponse) -> int:
    billed = answer.meta.billed_units if answer.meta else None
    return int(billed.input_tokens or 0) if billed else 0
