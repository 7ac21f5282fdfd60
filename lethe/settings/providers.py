"""Outside providers: how each is reached, what it takes at once, and where it processes what it is sent."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, SecretStr

from lethe.settings.base import Section

Count = Annotated[int, Field(ge=0)]


class TokenCount(StrEnum):
    """How the tokens of a text are counted before it is sent."""

    CL100K = "cl100k"
    ESTIMATE = "estimate"


class LimitField(StrEnum):
    """How a server is told the longest answer."""

    MAX_TOKENS = "max_tokens"
    MAX_COMPLETION_TOKENS = "max_completion_tokens"


class OutsideProvider(StrEnum):
    """Whoever can be sent a tenant's texts; each has a section of its name."""

    OPENAI = "openai"
    AZURE = "azure"
    COHERE = "cohere"
    ANTHROPIC = "anthropic"


class VendorSettings(Section):
    """How a vendor is reached, and its language models."""

    api_key: SecretStr = SecretStr("")
    """Sent with every call."""
    base_url: str = ""
    """Another address than the provider's own."""
    region: str = ""
    """Where the provider processes what it is sent, as agreed with it; noted with every call."""
    chat_model: str = ""
    """Name of the language model for simple questions, where `answering.chain` names none."""
    chat_model_strong: str = ""
    """Name of the language model for the others."""


class ProviderSettings(VendorSettings):
    """What the providers of embeddings have in common. A limit of 0 is none; limits hold for each process."""

    timeout_seconds: Annotated[float, Field(gt=0)] = 30.0
    """Limit of a whole call, however slowly its answer comes."""
    in_flight: Annotated[int, Field(ge=1)] = 5
    """Calls at once."""
    requests_per_minute: Count = 0
    """Most calls a minute."""
    inputs_per_minute: Count = 0
    """Most texts a minute."""
    tokens_per_minute: Count = 0
    """Most tokens a minute."""
    embedding_model: str = ""
    """Name of the embedding model; vectors of another one are never compared with its."""
    embedding_revision: str = "1"
    """Raise it when the provider changes the model behind the name: a new revision needs a migration."""
    embedding_former_revisions: tuple[str, ...] = ()
    """Revisions that tenants' indexes are still of: questions to those are embedded by the model as it is now, until
    each has migrated to the raised one."""
    embedding_dims: Annotated[int, Field(ge=1)] = 1_536
    """Length of the model's vectors; another one is refused."""
    embedding_shorten: bool = False
    """Whether the model is asked for vectors of that length, which only some can shorten."""
    embedding_batch_inputs: Annotated[int, Field(ge=1)] = 96
    """Most texts of one call."""
    embedding_batch_tokens: Annotated[int, Field(ge=1)] = 100_000
    """Most tokens of one call."""
    embedding_input_tokens: Annotated[int, Field(ge=64)] = 512
    """Most tokens of one text; a longer one is embedded in pieces."""


class OpenAiSettings(ProviderSettings):
    """OpenAI, or any server that speaks its protocol (`openai.base_url`)."""

    chat_model: str = "gpt-4o-mini"
    """Name of the language model for simple questions, where `answering.chain` names none."""
    chat_model_strong: str = "gpt-4o"
    """Name of the language model for the others."""
    chat_limit_field: LimitField = LimitField.MAX_TOKENS
    """`max_completion_tokens` for models that reason before they answer."""
    chat_usage: bool = True
    """Whether the server is asked to count tokens; off for one that refuses `stream_options`."""
    requests_per_minute: Count = 3_000
    """Most calls a minute."""
    tokens_per_minute: Count = 1_000_000
    """Most tokens a minute."""
    embedding_model: str = "text-embedding-3-small"
    """Name of the embedding model; vectors of another one are never compared with its."""
    embedding_batch_inputs: Annotated[int, Field(ge=1)] = 2_048
    """Most texts of one call."""
    embedding_batch_tokens: Annotated[int, Field(ge=1)] = 300_000
    """Most tokens of one call."""
    embedding_input_tokens: Annotated[int, Field(ge=64)] = 8_191
    """Most tokens of one text; a longer one is embedded in pieces."""
    embedding_tokenizer: TokenCount = TokenCount.CL100K
    """`cl100k` for OpenAI's own models; `estimate` for another's, whose tokenizer is not known here."""
    embedding_query_prefix: str = ""
    """Put before a question, for models that want one (`query: `)."""
    embedding_document_prefix: str = ""
    """Put before a passage, for models that want one (`passage: `)."""


class AzureSettings(OpenAiSettings):
    """OpenAI's models on Azure; `azure.base_url` is the resource's endpoint."""

    api_version: str = "2024-10-21"
    """Of Azure's API."""
    embedding_deployment: str = ""
    """Name of the deployment; empty: that of the model."""


class CohereSettings(ProviderSettings):
    """Cohere, second version of its API."""

    rerank_model: str = "rerank-v3.5"
    """Name of the reranking model."""

    chat_model: str = "command-r7b-12-2024"
    """Name of the language model for simple questions, where `answering.chain` names none."""
    chat_model_strong: str = "command-a-03-2025"
    """Name of the language model for the others."""
    inputs_per_minute: Count = 2_000
    """Most texts a minute."""
    embedding_model: str = "embed-v4.0"
    """Name of the embedding model; vectors of another one are never compared with its."""


class AnthropicSettings(VendorSettings):
    """Anthropic (`pip install lethe[anthropic]`)."""

    chat_model: str = "claude-haiku-4-5"
    """Name of the language model for simple questions, where `answering.chain` names none."""
    chat_model_strong: str = "claude-sonnet-4-6"
    """Name of the language model for the others."""
