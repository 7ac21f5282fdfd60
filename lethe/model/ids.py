"""How identifiers are made. Every id is a UUID in its hyphenated lower-case text form."""

import uuid

import uuid_utils

Id = str
"""A UUID as text. An alias, not a class: ids cross Temporal, SQL and HTTP unchanged."""


def new_id() -> Id:
    """A random, time-ordered id (UUIDv7, RFC 9562 section 5.7)."""
    return str(uuid_utils.uuid7())


def chunk_id(version_id: Id, ordinal: int) -> Id:
    """The id of a version's chunk (UUIDv5): the same in SQL and in every index build, however often it is written."""
    return str(uuid.uuid5(uuid.UUID(version_id), str(ordinal)))


def derived_id(effect_id: Id, number: int) -> Id:
    """What the ``number``-th thing that a request makes is called (UUIDv5): the same when the request is repeated."""
    return str(uuid.uuid5(uuid.UUID(effect_id), str(number)))


def is_id(text: str) -> bool:
    """Whether the text is an id in the form Lethe writes."""
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False


def item_id(effect_id: Id, digest: str) -> Id:
    """What is called so that an effect makes of something known by its digest: the same at each attempt."""
    return str(uuid.uuid5(uuid.UUID(effect_id), digest))
