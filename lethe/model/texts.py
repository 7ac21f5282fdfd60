"""Texts that people wrote or were told, wherever they are kept, beside the versions of documents."""

from dataclasses import dataclass
from enum import StrEnum

from lethe.model.ids import Id


class TextPlace(StrEnum):
    """A column of sealed texts. The texts of a version (its chunks, title, address, metadata) are read as one."""

    VERSION = "version"
    SUBJECT = "subject"
    QUESTION = "question"
    ANSWER = "answer"
    TRACE = "trace"
    FEEDBACK = "feedback"
    LETTER = "letter"
    REFUSAL = "refusal"
    INGESTION = "ingestion"
    RESPONSE = "response"
    SELECTION = "selection"
    QUARANTINE = "quarantine"
    WEBHOOK = "webhook"
    GLOSSARY = "glossary"
    SOURCE = "source"
    LISTED = "listed"


@dataclass(frozen=True, slots=True)
class SealedText:
    """``ref`` is the id of its row; ``key_id`` names the key that opens it; None: a secret of the tenant's."""

    ref: Id
    key_id: Id | None
    sealed: bytes
