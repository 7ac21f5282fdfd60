"""The words of the data map."""

from dataclasses import dataclass
from enum import StrEnum


class Category(StrEnum):
    """What a field says of a person."""

    NOTHING = "nothing"
    PSEUDONYM = "pseudonym"
    """A random id or keyed digest that leads to a person only through rows of the same tenant."""
    CONTENT = "content"
    """Whatever documents, questions or answers say, people included."""
    IDENTIFIER = "identifier"
    """An identifier that names one person."""
    CREDENTIAL = "credential"


class Key(StrEnum):
    """Under which key a field is sealed; destroying that key is erasing the field, in backups too."""

    CLEAR = "clear"
    VERSION = "data key of the document version"
    QUESTION = "data key of the question"
    SUBJECT = "data key of the subject"
    INGESTION = "data key of the bulk ingestion"
    RESPONSE = "data key of the idempotency record (its key_id)"
    QUARANTINE = "data key of the quarantine"
    SELECTION = "data key of the selection"
    WEBHOOK = "data key of the webhook"
    SOURCE = "data key of the source"
    SYNC = "data key of the sync, destroyed at its end"
    ERASURE = "data key of the erasure request"
    TENANT = "key derived from the tenant's key"


@dataclass(frozen=True, slots=True)
class Field:
    """A column, property, blob or attribute. ``holds`` says what of a person, or why nothing."""

    name: str
    category: Category
    holds: str
    key: Key = Key.CLEAR
    is_volatile: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """A table, collection, blob prefix or namespace.

    ``erasers`` are the functions that remove a person's entries, as "module:attribute"; without any, ``reason`` says
    why nothing of a person stays there. What goes by itself says after how many seconds.
    """

    name: str
    fields: tuple[Field, ...]
    erasers: tuple[str, ...] = ()
    reason: str = ""
    lifetime_seconds: float | None = None

    def __post_init__(self) -> None:
        if bool(self.erasers) == bool(self.reason):
            raise ValueError(f"{self.name}: either erasers or the reason for none")


def place(
    name: str,
    *fields: Field | tuple[Field, ...],
    erasers: tuple[str, ...] = (),
    reason: str = "",
    lifetime_seconds: float | None = None,
) -> Place:
    """A place, its fields one by one or in groups."""
    flat = tuple(one for field in fields for one in (field if isinstance(field, tuple) else (field,)))
    return Place(name, flat, erasers, reason, lifetime_seconds)


def opaque(*names: str) -> tuple[Field, ...]:
    """Random ids."""
    return tuple(
        Field(name, Category.NOTHING, "a random id: resolves to nothing once its row is gone") for name in names
    )


def facts(*names: str) -> tuple[Field, ...]:
    """Numbers, words and names of ours."""
    return tuple(Field(name, Category.NOTHING, "a number, state or name of our own making") for name in names)


def volatile(*names: str) -> tuple[Field, ...]:
    """Facts that two runs of the same work need not share."""
    return tuple(
        Field(name, Category.NOTHING, "a count, position or time of the run itself", is_volatile=True) for name in names
    )


def times(*names: str) -> tuple[Field, ...]:
    """Moments. They tell when somebody did something, through the ids beside them."""
    return tuple(Field(name, Category.PSEUDONYM, "when it happened", is_volatile=True) for name in names)


def digest(name: str, of: str) -> Field:
    """An HMAC under a key derived from the tenant's."""
    return Field(name, Category.PSEUDONYM, f"keyed digest of {of}", Key.TENANT)


def sealed(name: str, holds: str, key: Key, category: Category = Category.CONTENT) -> Field:
    return Field(name, category, holds, key)


def pseudonym(name: str, holds: str) -> Field:
    """A random id that stands for a person or group."""
    return Field(name, Category.PSEUDONYM, holds)
