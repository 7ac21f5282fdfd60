"""Embeddings of OpenAI, of any server that speaks its protocol, and of OpenAI's models on Azure."""

import base64
import binascii
import json
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Final, cast

import numpy as np
import openai

from lethe.adapters.embedding.checks import in_order
from lethe.adapters.embedding.counting import Cl100kTokenizer, EstimatingTokenizer
from lethe.adapters.embedding.remote import RemoteEmbedder, need, spec_of
from lethe.adapters.embedding.vendor import Reply
from lethe.adapters.vendor_errors import InputTooLong, Refusal, error_of, no_answer
from lethe.errors import EmbedderRefused, EmbedderUnavailable, EmbeddingInvalid, LetheError
from lethe.ports.embedding import InputKind
from lethe.privacy.processors import ProcessorLedger
from lethe.settings import AzureSettings, OpenAiSettings, TokenCount

_URL: Final = "https://api.openai.com/v1"


class OpenAiEmbeddings:
    """An EmbeddingVendor over OpenAI's own client, which is told not to retry."""

    def __init__(self, client: openai.AsyncOpenAI, settings: OpenAiSettings, *, model: str) -> None:
        """``model`` is the name sent: the deployment's on Azure."""
        self._client = client
        self._settings = settings
        self._model = model

    @classmethod
    def from_settings(cls, settings: OpenAiSettings) -> "OpenAiEmbeddings":
        client = openai.AsyncOpenAI(
            api_key=settings.api_key.get_secret_value() or "none",
            base_url=settings.base_url or _URL,
            timeout=settings.timeout_seconds,
            max_retries=0,
        )
        return cls(client, settings, model=settings.embedding_model)

    @classmethod
    def on_azure(cls, settings: AzureSettings) -> "OpenAiEmbeddings":
        deployment = settings.embedding_deployment or settings.embedding_model
        client = openai.AsyncAzureOpenAI(
            api_key=settings.api_key.get_secret_value() or "none",
            azure_endpoint=settings.base_url,
            azure_deployment=deployment,
            api_version=settings.api_version,
            timeout=settings.timeout_seconds,
            max_retries=0,
        )
        return cls(client, settings, model=deployment)

    async def request(self, texts: Sequence[str], kind: InputKind) -> Reply:
        before = (
            self._settings.embedding_query_prefix
            if kind is InputKind.QUERY
            else self._settings.embedding_document_prefix
        )
        dims = self._settings.embedding_dims
        try:
            # The body itself: the client's parsed answer makes every vector a list of floats and hides a wrong shape.
            raw = await self._client.embeddings.with_raw_response.create(
                input=[f"{before}{text}" for text in texts],
                model=self._model,
                dimensions=dims if self._settings.embedding_shorten else openai.omit,
            )
        except openai.APIError as error:
            raise _error_of(error) from error
        body = _object(raw.content)
        vectors = in_order(_items(body.get("data")), count=len(texts), dims=dims)
        usage = body.get("usage")
        tokens = cast("Mapping[str, object]", usage).get("total_tokens") if isinstance(usage, dict) else None
        return Reply(vectors, tokens if isinstance(tokens, int) else 0)

    async def close(self) -> None:
        await self._client.close()


def embedder(settings: OpenAiSettings, calls: ProcessorLedger) -> RemoteEmbedder:
    """Raises ConfigurationError without a key or another address."""
    need("openai.api_key", settings.api_key, settings.base_url)
    return _embedder(OpenAiEmbeddings.from_settings(settings), settings, "openai", calls)


def azure_embedder(settings: AzureSettings, calls: ProcessorLedger) -> RemoteEmbedder:
    """Raises ConfigurationError without a key and an endpoint."""
    need("azure.api_key", settings.api_key)
    need("azure.base_url", settings.base_url)
    return _embedder(OpenAiEmbeddings.on_azure(settings), settings, "azure", calls)


def _embedder(
    vendor: OpenAiEmbeddings, settings: OpenAiSettings, provider: str, calls: ProcessorLedger
) -> RemoteEmbedder:
    prefixes = f"{settings.embedding_query_prefix}|{settings.embedding_document_prefix}"
    preprocessing = "as-is" if prefixes == "|" else f"prefixes-{sha256(prefixes.encode()).hexdigest()[:12]}"
    counting = Cl100kTokenizer if settings.embedding_tokenizer is TokenCount.CL100K else EstimatingTokenizer
    # A prefix takes part of what one text may have: at most a token a character.
    tokenizer = counting(settings.embedding_input_tokens - len(prefixes))
    spec = spec_of(settings, preprocessing)
    return RemoteEmbedder(vendor, spec, tokenizer, settings, provider=provider, calls=calls)


def _error_of(error: openai.APIError) -> LetheError | InputTooLong:
    if not isinstance(error, openai.APIStatusError):
        return no_answer(EmbedderUnavailable, error)
    refusal = Refusal(error.status_code, error.response.headers, f"{error.code} {error.message}")
    return error_of(refusal, EmbedderUnavailable, EmbedderRefused)


def _object(content: bytes) -> Mapping[str, object]:
    try:
        body: object = json.loads(content)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise EmbeddingInvalid("the answer is not a JSON object")
    return cast("Mapping[str, object]", body)


def _items(data: object) -> Iterator[tuple[object, object]]:
    """(index, vector) of each item; a vector is a list, or base64 of little-endian float32."""
    for item in cast("list[object]", data) if isinstance(data, list) else []:
        fields = cast("Mapping[str, object]", item if isinstance(item, dict) else {})
        vector = fields.get("embedding")
        if isinstance(vector, str):
            try:
                vector = np.frombuffer(base64.b64decode(vector, validate=True), "<f4")
            except (binascii.Error, ValueError):
                raise EmbeddingInvalid("a vector is not base64 of floats") from None
        yield fields.get("index"), vector
