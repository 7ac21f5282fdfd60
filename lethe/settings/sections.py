"""The closed parts of the settings tree; each docstring below a field is its line in docs/configuration.md."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, SecretStr

from lethe.settings.base import Section


class Environment(StrEnum):
    DEVELOPMENT = "development"
    STAGING = "staging"
    PRODUCTION = "production"


class SqlSettings(Section):
    """The ledger and, in a database of its own so that its backup can be kept shorter, the key ring."""

    url: SecretStr = SecretStr("")
    """The ledger: `sqlite+aiosqlite:///path` or `postgresql+asyncpg://...`; empty: SQLite under the state folder."""
    keyring_url: SecretStr = SecretStr("")
    """The key ring's database, same forms; empty: SQLite under the state folder."""
    busy_timeout_ms: int = 15_000
    """How long a write waits for another process on SQLite."""
    pool_size: int = 8
    """Connections a process keeps to PostgreSQL."""
    lock_timeout_ms: int = 5_000
    """How long a statement waits for a lock on PostgreSQL."""
    connect_timeout_ms: int = 5_000
    """How long connecting to PostgreSQL may take."""
    statement_timeout_ms: int = 30_000
    """How long one statement may take on PostgreSQL."""


class TemporalSettings(Section):
    """Empty address: `lethe up` starts Temporal's dev server."""

    address: str = ""
    """host:port of a Temporal frontend; empty: the embedded dev server."""
    namespace: str = "default"
    """The one namespace Lethe uses."""
    ui_url: str = ""
    """Where a person opens the Temporal UI; used in links only."""
    api_key: SecretStr = SecretStr("")
    """Key of a managed Temporal."""
    tls: bool = False
    """Whether the connection is encrypted."""
    retention_hours: int = 72
    """How long closed workflow histories are kept."""
    graceful_shutdown_seconds: float = 30.0
    """How long a stopping worker lets running activities finish."""
    sticky_seconds: float = 3.0
    """How long a workflow waits for the worker that has it in memory before another takes it."""
    heartbeat_seconds: float = Field(default=10.0, ge=1)
    """How long after its worker's death a step starts again elsewhere."""


class WeaviateSettings(Section):
    """Empty url: `lethe up` starts Weaviate."""

    url: str = ""
    """HTTP address; empty: the embedded server."""
    grpc_port: int = 50051
    """gRPC port."""
    grpc_host: str = ""
    """gRPC host where it is not the one of `url`, as with some managed services."""
    api_key: SecretStr = SecretStr("")
    """Sent with every call; generated for the embedded server."""
    timeout_seconds: float = 2.0
    """Limit of a search, and of one by words in SQL where Weaviate does not answer."""
    write_timeout_seconds: float = 30.0
    """Limit of a write."""


class BlobSettings(Section):
    """Where the sealed bytes of documents are."""

    url: str = ""
    """An fsspec address (`s3://bucket/prefix`, `file:///path`); empty: a folder under the state folder."""


class KeySettings(Section):
    """The tenants' keys, which wrap the data keys in the key ring."""

    folder: str = ""
    """Empty: `keys/` under the state folder."""
    cache_seconds: float = Field(default=60.0, ge=0, le=60)
    """How long an opened data key may stay in memory."""
    rewrite_megabytes: int = Field(default=64, ge=0)
    """Largest table of data keys, with its index, that an erasure writes anew on PostgreSQL, while which nobody reads a
    key; above it the operator has to, and certificates say so; 0: none."""


class ApiSettings(Section):
    """The HTTP process."""

    host: str = "127.0.0.1"
    """Address the API listens on."""
    port: int = 8080
    """Port the API listens on; `lethe up` takes a free one if it is in use."""
    max_in_flight_questions: int = 8
    """More are answered 429 with Retry-After."""
    max_streams: int = 64
    """More readers of answers that are under way are answered 429 with Retry-After."""
    keep_alive_seconds: float = Field(default=15.0, gt=0)
    """After this long without an event a stream says that it is still there."""
    docs_url: str = "https://lethe.invalid/errors/"
    """Prefix of the `type` of every problem+json."""
    query_worker: bool = True
    """Whether the API process runs question workflows itself (eager start)."""
    processes: int = Field(default=1, ge=1)
    """API processes of this installation, on whatever machines; more than one need `redis.url` for their streams."""
    public_docs: bool = False
    """Whether `/docs` and `/openapi.json`, which hold no tenant's data, open without a key."""


class WorkerSettings(Section):
    """A worker process."""

    metrics_port: int = 9464
    """Port of `/metrics`."""
    metrics_host: str = "127.0.0.1"
    """Address of `/metrics`."""
    queues: tuple[str, ...] = ("control", "io", "cpu", "embed", "bulk", "webhooks")
    """The task queues this worker polls."""
    io_slots: int = 16
    """Activities at once on `io`."""
    cpu_slots: int = 2
    """Activities at once on `cpu`."""
    embed_slots: int = Field(default=8, ge=1)
    """Steps at once that wait for an outside embedding provider; a local model's take the slots of `cpu`."""
    bulk_slots: int = 2
    """Batches of bulk ingestions at once; they leave the slots of `cpu` to single uploads."""
    webhook_slots: int = Field(default=8, ge=1)
    """Deliveries of webhooks at once; a receiver that does not answer holds one until `webhooks.timeout_seconds`."""
    niceness: int = Field(default=10, ge=0, le=19)
    """Added to the process, so that questions come first."""


class BulkSettings(Section):
    """Ingestions of many documents."""

    batch_documents: Annotated[int, Field(ge=1, le=200)] = 50
    """Documents of one batch, at most."""
    batch_bytes: Annotated[int, Field(ge=1)] = 4 * 1024 * 1024
    """Size of one batch, unless a single document is larger."""
    window: Annotated[int, Field(ge=1, le=16)] = 4
    """Batches of one ingestion at once, unless it says otherwise."""
    request_bytes: int = 1024 * 1024 * 1024
    """Largest body of a request that brings many documents or an archive; it is never held in memory."""
    archive_entries: int = 10_000
    """Most files of an archive."""
    archive_bytes: int = 2 * 1024 * 1024 * 1024
    """Most an archive may unpack to."""
    archive_ratio: int = 200
    """Most a file of an archive may expand by."""
    idle_seconds: float = 3600.0
    """An ingestion that was left open is closed after this long without a document."""


class ChunkStrategy(StrEnum):
    """Where a document is cut into chunks."""

    STRUCTURE = "structure"
    RECURSIVE = "recursive"
    SEMANTIC = "semantic"
    FIXED = "fixed"


class ChunkSettings(Section):
    """How documents are cut; sizes are clamped to what the embedder takes. A change re-chunks at the next upload."""

    strategy: ChunkStrategy = ChunkStrategy.STRUCTURE
    """`structure` (titles, sentences, rows), `recursive` (characters), `semantic` (meaning) or `fixed` (tokens)."""
    target_tokens: Annotated[int, Field(ge=16)] = 512
    """Size a chunk aims at, in tokens of the embedder; for `recursive` the embedder's limit counts."""
    overlap_tokens: Annotated[int, Field(ge=0)] = 50
    """Repeated from the chunk before."""
    recursive_characters: Annotated[int, Field(ge=100, le=100_000)] = 1_000
    """Most characters of a chunk of `recursive`."""
    recursive_overlap_characters: Annotated[int, Field(ge=0)] = 200
    """Most characters repeated from the chunk before by `recursive`."""
    semantic_percentile: Annotated[float, Field(ge=50, le=100)] = 95.0
    """`semantic` cuts between sentences further apart than this share of a document's neighbouring sentences."""
    semantic_sentences: Annotated[int, Field(ge=2, le=20_000)] = 2_000
    """Most embeddings `semantic` asks for to cut one document; sentences of a longer one are compared in groups."""


class LimitSettings(Section):
    """What is refused, given up or dropped, and when."""

    document_bytes: int = 64 * 1024 * 1024
    """Largest upload."""
    json_bytes: int = 1024 * 1024
    """Largest JSON body; it is held in memory, so a longer text is uploaded as multipart."""
    upload_seconds: float = 600.0
    """An upload that takes longer is given up."""
    question_characters: int = 1_000
    """Longest question."""
    parse_seconds: int = 120
    """A parse child is killed after this."""
    parse_memory_bytes: int = 2 * 1024 * 1024 * 1024
    """Address space of a parse child."""
    parse_output_bytes: int = 64 * 1024 * 1024
    """Most text a parse may yield."""
    archive_bytes: int = 512 * 1024 * 1024
    """Most an archive (docx, epub, ...) may unpack to."""
    archive_ratio: int = 200
    """Most an archive may expand by."""
    pages: int = 5_000
    """Most pages of a PDF, slides, sheets, or chapters of a book."""
    attention_days: int = 7
    """How long a failed ingestion waits for a person."""
    attention_waiting: int = 200
    """Failed ingestions of a tenant that may wait; later ones close at once."""
    question_seconds: float = 30.0
    """Deadline of a question. The last fifth, 3 s at most, is kept for the passages it gets if it has no answer."""
    drop_after_seconds: float = 60.0
    """How long a replaced version stays; not less than any question's deadline."""
    receiving_hours: float = 1.0
    """An upload that never completed is removed after this."""
    ingestion_days: float = 30.0
    """How long an ended bulk ingestion remembers what was said of its documents and which files it refused."""
    idempotency_hours: float = 24.0
    """How long an Idempotency-Key is remembered."""
    dispatch_days: float = Field(default=7.0, ge=4)
    """How long it is kept that a workflow was started; not less than Temporal keeps the workflow."""
    processor_call_days: int = 365
    """How long it is known what outside processors were sent; not less than they keep it themselves."""

    @property
    def answer_seconds(self) -> float:
        """How long an answer is waited for."""
        return self.question_seconds - min(3.0, self.question_seconds / 5)


class PdfStrategy(StrEnum):
    TEXT = "text"
    OCR = "ocr"
    LAYOUT = "layout"


class ParsingSettings(Section):
    """How documents are read."""

    strategy: PdfStrategy = PdfStrategy.TEXT
    """Of a PDF: `text` reads its text layer; `ocr` also pages without one, through the program tesseract; `layout`
    reads every page through unstructured's models (`pip install lethe[layout]`)."""
    ocr_languages: str = Field(default="eng", pattern=r"[A-Za-z_]+(\+[A-Za-z_]+)*")
    """Languages of scanned pages as tesseract names them, joined by `+`."""


class MalwareSettings(Section):
    """A virus scanner that every document passes before it is parsed; without its verdict nothing is parsed."""

    clamd: str = ""
    """`unix:/run/clamav/clamd.ctl` or `host:port` of ClamAV's daemon; empty: none. Its StreamMaxLength must not be
    below `limits.document_bytes`."""
    seconds: float = Field(default=60.0, gt=0)
    """How long a verdict may take."""


class TestingSettings(Section):
    """For fault tests only; refused in production."""

    failpoint: str = ""
    """`<activity>:before`, `<activity>:after` or `generate_by_model:drafted`: the process exits there with 137."""
    failpoint_latch: str = ""
    """A file made when the failpoint is reached; while it exists, the failpoint is passed."""
    free_embedder: bool = False
    """Whether a hash of the spelling stands in for the embedding model: costs microseconds, knows no meaning."""
