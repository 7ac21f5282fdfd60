"""Where personal data is, what leads to one person's, and what became of each piece."""

from dataclasses import dataclass
from enum import StrEnum

from lethe.model.documents import SubjectMention
from lethe.model.ids import Id


class StoreName(StrEnum):
    """Every store that may hold something of a person; each has one eraser."""

    KEYS = "keys"
    ANSWER_CACHE = "answer_cache"
    QUESTIONS = "questions"
    FEEDBACK = "feedback"
    VECTORS = "vectors"
    KEYWORDS = "keywords"
    BLOBS = "blobs"
    DEAD_LETTERS = "dead_letters"
    REQUESTS = "requests"
    """What callers sent and were told: idempotent responses, bulk ingestions, selections, quarantines."""
    PRINCIPALS = "principals"
    """Credentials, and who did or paid for what."""
    HISTORIES = "histories"
    TOKENS = "tokens"
    DOCUMENTS = "documents"
    AUDIT_LOG = "audit_log"
    LOGS = "logs"
    BACKUPS = "backups"
    PROCESSORS = "processors"


class ItemKind(StrEnum):
    """What the reference of an item is the id of."""

    DOCUMENT = "document"
    VERSION = "version"
    CHUNK = "chunk"
    QUESTION = "question"
    SUBJECT = "subject"
    PRINCIPAL = "principal"
    KEY = "key"
    LETTER = "letter"
    RESPONSE = "response"
    INGESTION = "ingestion"
    REFUSAL = "refusal"
    SELECTION = "selection"
    QUARANTINE = "quarantine"
    GLOSSARY = "glossary"
    WEBHOOK = "webhook"
    SOURCE = "source"
    LISTED = "listed"
    CALL = "call"


@dataclass(frozen=True, slots=True, order=True)
class Item:
    """One piece of a person's data: opaque ids only."""

    store: StoreName
    kind: ItemKind
    ref: Id


@dataclass(frozen=True, slots=True)
class Kept:
    """An item that is not erased now, and the code of the reason."""

    item: Item
    reason: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whom a request is about: identifiers in clear (in memory only), and principals of the person's own."""

    request_id: Id
    identifiers: tuple[SubjectMention, ...] = ()
    principals: frozenset[Id] = frozenset()


@dataclass(frozen=True, slots=True)
class Leads:
    """What a finder found. ``versions`` are about the person alone; ``mentions`` say something of others, too;
    ``unsure`` wants a person's look first.
    """

    subjects: frozenset[Id] = frozenset()
    versions: frozenset[Id] = frozenset()
    mentions: frozenset[Id] = frozenset()
    questions: frozenset[Id] = frozenset()
    unsure: frozenset[Id] = frozenset()
    rows: frozenset[tuple[ItemKind, Id]] = frozenset()
    """Rows beside documents and questions whose text shows the person."""

    def plus(self, other: "Leads") -> "Leads":
        return Leads(
            self.subjects | other.subjects,
            self.versions | other.versions,
            self.mentions | other.mentions,
            self.questions | other.questions,
            self.unsure | other.unsure,
            self.rows | other.rows,
        )


@dataclass(frozen=True, slots=True)
class Trace:
    """Everything that leads to one person's data, as the stores need it to name their own items.

    ``documents`` go whole, with all their versions, which are among ``versions``. ``shared`` are versions that say
    something of others, too: they stay until they are rewritten. ``restricted`` are versions of documents
    that must be kept, whoever they are about; ``restricted_whole`` those of these documents that would go whole.
    """

    wanted: Wanted
    subjects: frozenset[Id] = frozenset()
    documents: frozenset[Id] = frozenset()
    versions: frozenset[Id] = frozenset()
    questions: frozenset[Id] = frozenset()
    shared: frozenset[Id] = frozenset()
    restricted: frozenset[Id] = frozenset()
    restricted_whole: frozenset[Id] = frozenset()
    unsure: frozenset[Id] = frozenset()
    rows: frozenset[tuple[ItemKind, Id]] = frozenset()
