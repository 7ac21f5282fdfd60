"""The whole tree of settings, what is derived from more than one section, and how it is read."""

import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from lethe.settings.aliases import ALIASES
from lethe.settings.answering import AnsweringSettings, ChainEntry, ModelTier
from lethe.settings.audit import AuditSettings
from lethe.settings.breakers import BreakerSettings
from lethe.settings.caching import CacheSettings
from lethe.settings.choosing import EmbeddingProcessor, outside, own_chain
from lethe.settings.detection import DetectionSettings
from lethe.settings.embedding import EmbeddingProvider, EmbeddingSettings
from lethe.settings.erasure import ErasureSettings
from lethe.settings.failures import FailureSettings
from lethe.settings.guards import GroundingSettings, GuardSettings
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
    VendorSettings,
)
from lethe.settings.redis import RedisSettings
from lethe.settings.retention import RetentionSettings
from lethe.settings.retrieval import RerankSettings, RetrievalSettings, Rewriting
from lethe.settings.sections import (
    ApiSettings,
    BlobSettings,
    BulkSettings,
    ChunkSettings,
    Environment,
    KeySettings,
    LimitSettings,
    MalwareSettings,
    ParsingSettings,
    SqlSettings,
    TemporalSettings,
    TestingSettings,
    WeaviateSettings,
    WorkerSettings,
)
from lethe.settings.sources import SourceSettings
from lethe.settings.sync import SyncSettings
from lethe.settings.webhooks import WebhookSettings
from lethe.settings.witness import WitnessSettings


class Settings(BaseSettings):
    """The whole tree. ``state`` holds everything the embedded stack writes."""

    model_config = SettingsConfigDict(
        env_prefix="LETHE_",
        env_nested_delimiter="__",
        env_file=".env",
        extra="ignore",
        frozen=True,
        use_attribute_docstrings=True,
    )

    environment: Environment = Environment.DEVELOPMENT
    """Stamped on every store; a process refuses a store of another environment."""
    state: Path = Path(".lethe")
    """Everything the embedded stack writes."""
    cache: Path = Path.home() / ".cache" / "lethe"
    """Binaries fetched or built once for all clones."""
    log_level: str = "INFO"
    """Python level name."""
    tenant_name: str = "default"
    """Name of the tenant made on first start."""
    admin_key: SecretStr = SecretStr("")
    """The first API key; empty: generated on first start."""

    sql: SqlSettings = SqlSettings()
    temporal: TemporalSettings = TemporalSettings()
    weaviate: WeaviateSettings = WeaviateSettings()
    redis: RedisSettings = RedisSettings()
    blobs: BlobSettings = BlobSettings()
    keys: KeySettings = KeySettings()
    api: ApiSettings = ApiSettings()
    worker: WorkerSettings = WorkerSettings()
    bulk: BulkSettings = BulkSettings()
    chunks: ChunkSettings = ChunkSettings()
    embedding: EmbeddingSettings = EmbeddingSettings()
    openai: OpenAiSettings = OpenAiSettings()
    azure: AzureSettings = AzureSettings()
    cohere: CohereSettings = CohereSettings()
    anthropic: AnthropicSettings = AnthropicSettings()
    answering: AnsweringSettings = AnsweringSettings()
    guards: GuardSettings = GuardSettings()
    grounding: GroundingSettings = GroundingSettings()
    breakers: BreakerSettings = BreakerSettings()
    retrieval: RetrievalSettings = RetrievalSettings()
    caching: CacheSettings = CacheSettings()
    rerank: RerankSettings = RerankSettings()
    limits: LimitSettings = LimitSettings()
    parsing: ParsingSettings = ParsingSettings()
    indexing: IndexingSettings = IndexingSettings()
    migrations: MigrationSettings = MigrationSettings()
    audit: AuditSettings = AuditSettings()
    retention: RetentionSettings = RetentionSettings()
    probes: ProbeSettings = ProbeSettings()
    malware: MalwareSettings = MalwareSettings()
    detection: DetectionSettings = DetectionSettings()
    failures: FailureSettings = FailureSettings()
    erasure: ErasureSettings = ErasureSettings()
    sync: SyncSettings = SyncSettings()
    webhooks: WebhookSettings = WebhookSettings()
    sources: SourceSettings = SourceSettings()
    witness: WitnessSettings = WitnessSettings()
    testing: TestingSettings = TestingSettings()

    @model_validator(mode="after")
    def _several_apis_share(self) -> "Settings":
        """A question is answered by any of them, and its tokens would reach only those who ask there."""
        if self.api.processes > 1 and not self.redis.url.get_secret_value():
            raise ValueError("api.processes above 1 needs redis.url")
        return self

    @model_validator(mode="after")
    def _production_is_no_development(self) -> "Settings":
        if self.environment is not Environment.PRODUCTION:
            return self
        if self.testing != TestingSettings():
            raise ValueError("testing.* may not be set in production")
        needed = {
            "sql.url": self.sql.url,
            "sql.keyring_url": self.sql.keyring_url,
            "weaviate.api_key": self.weaviate.api_key,
        }
        # Their development defaults: SQLite under the state folder, a key made for the embedded server.
        if missing := [name for name, value in needed.items() if not value.get_secret_value()]:
            raise ValueError(f"production needs {', '.join(missing)}")
        if sqlite := [name for name, value in needed.items() if value.get_secret_value().startswith("sqlite")]:
            raise ValueError(f"production needs PostgreSQL for {', '.join(sqlite)}")
        return self

    @property
    def embedding_processors(self) -> tuple[EmbeddingProcessor, ...]:
        """All who may be sent texts to embed: for new tenants, and for those that were migrated or will be."""
        return self.outside(self.embedding.provider, *self.embedding.others)

    def outside(self, *providers: EmbeddingProvider) -> tuple[EmbeddingProcessor, ...]:
        """Those of the providers whose models are not in this process."""
        sections: dict[str, ProviderSettings] = {"openai": self.openai, "azure": self.azure, "cohere": self.cohere}
        return outside(() if self.testing.free_embedder else providers, sections)

    @property
    def vendors(self) -> Mapping[OutsideProvider, VendorSettings]:
        """The section of each outside provider."""
        return {
            OutsideProvider.OPENAI: self.openai,
            OutsideProvider.AZURE: self.azure,
            OutsideProvider.COHERE: self.cohere,
            OutsideProvider.ANTHROPIC: self.anthropic,
        }

    @property
    def chat_chain(self) -> tuple[ChainEntry, ...]:
        """The language models in the order they are tried: as configured, else of the providers that have a key."""
        if not self.answering.generate:
            return ()
        return self.answering.chain or own_chain(self.vendors)

    @property
    def rewriting_model(self) -> ChainEntry | None:
        """Who is asked for further queries: the first of the chain for simple questions, else the first of all."""
        if self.retrieval.rewriting is not Rewriting.MODEL:
            return None
        cheap = [each for each in self.chat_chain if each.tier is ModelTier.CHEAP]
        return next(iter((*cheap, *self.chat_chain)), None)

    @property
    def sql_url(self) -> str:
        """The ledger's address: as configured, else SQLite under the state folder."""
        return self.sql.url.get_secret_value() or f"sqlite+aiosqlite:///{self.state.resolve()}/sql/ledger.db"

    @property
    def keyring_url(self) -> str:
        """The key ring's address: as configured, else SQLite under the state folder."""
        return (
            self.sql.keyring_url.get_secret_value() or f"sqlite+aiosqlite:///{self.state.resolve()}/keyring/keyring.db"
        )

    @property
    def keyword_folder(self) -> Path:
        """Where the files of keyword builds are, beside a ledger on SQLite."""
        return self.state.resolve() / "keywords"

    @property
    def blob_url(self) -> str:
        """The blob store's address: as configured, else a folder under the state folder."""
        return self.blobs.url or f"file://{self.state.resolve()}/blobs"

    @property
    def witness_folder(self) -> Path:
        """The witness's own: beside the state, so that an older state put back leaves it as it is."""
        return self.witness.folder_beside(self.state.resolve())

    @property
    def key_folder(self) -> Path:
        """Where the tenants' keys are kept."""
        return Path(self.keys.folder) if self.keys.folder else self.state.resolve() / "keys"


def load_settings(**overrides: object) -> Settings:
    """Read the settings. Raises ValueError naming every unknown or invalid setting."""
    for alias, name in ALIASES.items():
        if os.environ.get(alias) and not os.environ.get(name):
            os.environ[name] = os.environ[alias]
    known = {f"LETHE_{field}".upper() for field in Settings.model_fields}
    unknown = [name for name in os.environ if name.startswith("LETHE_") and name.split("__")[0] not in known]
    if unknown:
        raise ValueError(f"unknown settings: {', '.join(sorted(unknown))}; see docs/configuration.md")
    return Settings(**overrides)  # type: ignore[arg-type]
