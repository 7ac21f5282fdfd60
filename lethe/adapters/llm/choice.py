"""The language models the settings ask for. The one place that knows every vendor."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager

from lethe.adapters.llm.remote import RemoteChatModel
from lethe.adapters.llm.vendor import ChatVendor
from lethe.errors import ConfigurationError
from lethe.model.processors import Operation, Processor
from lethe.ports.breakers import Breakers
from lethe.ports.chat import ChatModel
from lethe.privacy.processors import ProcessorLedger
from lethe.retrieval.rewording import Rewording, rewording_prompt
from lethe.settings import ChainEntry, OutsideProvider, Rewriting, Settings


@asynccontextmanager
async def open_chat_models(
    settings: Settings, calls: ProcessorLedger, breakers: Breakers
) -> AsyncGenerator[tuple[tuple[ChainEntry, ChatModel], ...]]:
    """The chain in its order, closed at the end. Each model records its calls and goes through its own breaker.

    Raises ConfigurationError for a provider without what it needs.
    """
    async with AsyncExitStack() as stack:
        models: list[tuple[ChainEntry, ChatModel]] = []
        for entry in settings.chat_chain:
            provider = entry.provider.value
            processor = Processor(provider, settings.vendors[entry.provider].region, entry.model, Operation.GENERATE)
            model = RemoteChatModel(
                _vendor(settings, entry), processor, settings.answering, calls=calls, breakers=breakers
            )
            stack.push_async_callback(model.close)
            models.append((entry, model))
        yield tuple(models)


@asynccontextmanager
async def open_rewording(
    settings: Settings, calls: ProcessorLedger, breakers: Breakers
) -> AsyncGenerator[Rewording | None]:
    """The model that rewords questions, closed at the end; None where none is to. Its breaker is that of its answers.

    Raises ConfigurationError for a prompt that does not exist, or where there is no model.
    """
    if settings.retrieval.rewriting is not Rewriting.MODEL:
        yield None
        return
    prompt, entry = rewording_prompt(settings.retrieval.rewriting_prompt), settings.rewriting_model
    if entry is None:
        raise ConfigurationError("retrieval.rewriting asks for a model, and answering.chain has none")
    processor = Processor(entry.provider.value, settings.vendors[entry.provider].region, entry.model, Operation.REWRITE)
    model = RemoteChatModel(_vendor(settings, entry), processor, settings.answering, calls=calls, breakers=breakers)
    try:
        yield Rewording(
            model,
            prompt,
            settings.retrieval.rewriting_seconds,
            settings.retrieval.rewriting_promised,
            settings.guards.question_score,
        )
    finally:
        await model.close()


def _vendor(settings: Settings, entry: ChainEntry) -> ChatVendor:
    # A vendor's SDK takes 0.6 s of CPU to import: only those that are used are.
    section, seconds = settings.vendors[entry.provider], settings.answering.call_seconds
    if entry.provider is OutsideProvider.AZURE:
        _need(entry, "base_url", section.base_url)
        _need(entry, "api_key", section.api_key.get_secret_value())
    else:
        _need(entry, "api_key", section.api_key.get_secret_value() or section.base_url)
    match entry.provider:
        case OutsideProvider.OPENAI:
            from lethe.adapters.llm.openai import OpenAiChat  # noqa: PLC0415

            return OpenAiChat.from_settings(settings.openai, entry, seconds)
        case OutsideProvider.AZURE:
            from lethe.adapters.llm.openai import OpenAiChat  # noqa: PLC0415

            return OpenAiChat.on_azure(settings.azure, entry, seconds)
        case OutsideProvider.COHERE:
            from lethe.adapters.llm.cohere import CohereChat  # noqa: PLC0415

            return CohereChat(settings.cohere, entry, seconds)
        case OutsideProvider.ANTHROPIC:
            try:
                from lethe.adapters.llm.anthropic import AnthropicChat  # noqa: PLC0415
            except ImportError:
                raise ConfigurationError("answering.chain asks for anthropic: pip install lethe[anthropic]") from None
            return AnthropicChat(settings.anthropic, entry, seconds)


def _need(entry: ChainEntry, name: str, value: str) -> None:
    if not value:
        raise ConfigurationError(f"answering.chain asks for {entry.name}, which needs {entry.provider}.{name}")
