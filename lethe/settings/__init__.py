# ruff: noqa: F401 - what is imported here is what the package offers
# pyright: reportUnusedImport=false
"""One settings tree for every process.

Read from the environment (`LETHE_SECTION__NAME`) and an optional `.env`; unknown `LETHE_` names are refused.
The names applications already use are accepted too (ALIASES). Nothing else in Lethe reads the environment.
"""

from lethe.settings.aliases import ALIASES
from lethe.settings.answering import AnsweringSettings, ChainEntry, ModelTier, Price
from lethe.settings.audit import AuditSettings
from lethe.settings.base import Section
from lethe.settings.breakers import BreakerSettings
from lethe.settings.caching import CacheSettings
from lethe.settings.detection import DetectionLevel, DetectionSettings
from lethe.settings.embedding import EmbeddingProvider, EmbeddingSettings
from lethe.settings.erasure import ErasureSettings
from lethe.settings.failures import FailureSettings
from lethe.settings.guards import BelowThreshold, GroundingSettings, GuardSettings
from lethe.settings.indexing import IndexingSettings
from lethe.settings.migrations import MigrationSettings
from lethe.settings.probes import ProbeSettings
from lethe.settings.providers import (
    AnthropicSettings,
    AzureSettings,
    CohereSettings,
    OpenAiSettings,
    OutsideProvider,
    ProviderSettings,
    TokenCount,
    VendorSettings,
)
from lethe.settings.redis import RedisSettings
from lethe.settings.retention import RetentionSettings
from lethe.settings.retrieval import (
    MAX_RESULTS,
    MAX_SOURCES,
    RerankProvider,
    RerankSettings,
    RetrievalSettings,
    Rewriting,
)
from lethe.settings.sections import (
    ApiSettings,
    BlobSettings,
    BulkSettings,
    ChunkSettings,
    ChunkStrategy,
    Environment,
    KeySettings,
    LimitSettings,
    MalwareSettings,
    ParsingSettings,
    PdfStrategy,
    SqlSettings,
    TemporalSettings,
    TestingSettings,
    WeaviateSettings,
    WorkerSettings,
)
from lethe.settings.sources import SourceCredentials, SourceSettings
from lethe.settings.sync import SyncSettings
from lethe.settings.tree import Settings, load_settings
from lethe.settings.webhooks import WebhookSettings
from lethe.settings.witness import WitnessSettings
