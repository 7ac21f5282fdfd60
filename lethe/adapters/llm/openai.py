"""Chat completions of OpenAI, of any server that speaks its protocol, and of OpenAI's models on Azure."""

from collections.abc import AsyncGenerator, Mapping
from typing import Any, Final

import openai
from openai.types.chat import ChatCompletionMessageParam

from lethe.adapters.llm.events import Fields, child, count, events, first, text
from lethe.adapters.llm.failures import failure_of
from lethe.adapters.llm.vendor import BROKEN, Piece
from lethe.adapters.vendor_errors import Refusal, no_answer
from lethe.errors import ModelUnavailable
from lethe.ports.chat import LENGTH, REFUSAL, STOP, ChatRequest
from lethe.settings import AzureSettings, ChainEntry, OpenAiSettings

_URL: Final = "https://api.openai.com/v1"
_FINISHES: Final[Mapping[str, str]] = {"length": LENGTH, "content_filter": REFUSAL}
"""Anything else a server ends with is a normal end."""


class OpenAiChat:
    """A ChatVendor over OpenAI's own client, which is told neither to retry nor to follow elsewhere."""

    def __init__(self, client: openai.AsyncOpenAI, settings: OpenAiSettings, *, model: str) -> None:
        """``model`` is the name sent: the deployment's on Azure."""
        self._client = client
        self._settings = settings
        self._model = model

    @classmethod
    def from_settings(cls, settings: OpenAiSettings, entry: ChainEntry, seconds: float) -> "OpenAiChat":
        client = openai.AsyncOpenAI(
            api_key=settings.api_key.get_secret_value() or "none",
            base_url=settings.base_url or _URL,
            timeout=seconds,
            max_retries=0,
            http_client=openai.DefaultAsyncHttpxClient(follow_redirects=False),
        )
        return cls(client, settings, model=entry.model)

    @classmethod
    def on_azure(cls, settings: AzureSettings, entry: ChainEntry, seconds: float) -> "OpenAiChat":
        deployment = entry.deployment or entry.model
        client = openai.AsyncAzureOpenAI(
            api_key=settings.api_key.get_secret_value() or "none",
            azure_endpoint=settings.base_url,
            azure_deployment=deployment,
            api_version=settings.api_version,
            timeout=seconds,
            max_retries=0,
            http_client=openai.DefaultAsyncHttpxClient(follow_redirects=False),
        )
        return cls(client, settings, model=deployment)

    async def pieces(self, request: ChatRequest) -> AsyncGenerator[Piece]:
        settings = self._settings
        asked: dict[str, Any] = {settings.chat_limit_field: request.max_tokens}
        if settings.chat_usage:
            asked["stream_options"] = {"include_usage": True}
        completions = self._client.chat.completions.with_streaming_response
        try:
            async with completions.create(
                model=self._model, messages=_messages(request), temperature=request.temperature, stream=True, **asked
            ) as response:
                async for event in events(response.iter_bytes()):
                    yield _piece(event)
        except openai.APIStatusError as error:
            told = f"{error.code} {error.type} {error.message}"
            raise failure_of(Refusal(error.status_code, error.response.headers, told)) from error
        except (openai.APIError, *BROKEN) as error:
            raise no_answer(ModelUnavailable, error) from error

    async def close(self) -> None:
        await self._client.close()


def _messages(request: ChatRequest) -> list[ChatCompletionMessageParam]:
    return [{"role": "system", "content": request.system}, {"role": "user", "content": request.user}]


def _piece(event: Fields) -> Piece:
    if event.get("error"):
        error = child(event, "error")
        told = f"{error.get('code')} {error.get('type')} {text(error, 'message')}"
        raise failure_of(Refusal(200, {}, told))
    choice = first(event, "choices")
    delta, usage = child(choice, "delta"), child(event, "usage")
    return Piece(
        text=text(delta, "content"),
        finish=_finish(text(choice, "finish_reason"), is_refused=bool(text(delta, "refusal"))),
        tokens_in=count(usage, "prompt_tokens"),
        tokens_out=count(usage, "completion_tokens"),
        model=text(event, "model"),
        fingerprint=text(event, "system_fingerprint"),
    )


def _finish(reason: str, *, is_refused: bool) -> str:
    if is_refused:
        return REFUSAL
    return _FINISHES.get(reason, STOP) if reason else ""
