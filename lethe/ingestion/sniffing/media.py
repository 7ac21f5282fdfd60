"""The media types that can be ingested, and what a sender may call those that only a hint tells apart."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Final


class MediaType(StrEnum):
    """Every one has a reader (lethe.adapters.parsing.readers)."""

    PLAIN = "text/plain"
    MARKDOWN = "text/markdown"
    RST = "text/x-rst"
    HTML = "text/html"
    CSV = "text/csv"
    JSON = "application/json"
    EML = "message/rfc822"
    MSG = "application/vnd.ms-outlook"
    RTF = "application/rtf"
    PDF = "application/pdf"
    DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
    XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    ODT = "application/vnd.oasis.opendocument.text"
    EPUB = "application/epub+zip"


_HINTS: Final[Mapping[MediaType, tuple[str, str]]] = {
    MediaType.PLAIN: ("txt text log", "text/plain"),
    MediaType.MARKDOWN: ("md markdown", "text/markdown text/x-markdown"),
    MediaType.RST: ("rst rest", "text/x-rst text/prs.fallenstein.rst"),
    MediaType.HTML: ("htm html xhtml", "text/html application/xhtml+xml"),
    MediaType.CSV: ("csv tsv", "text/csv application/csv text/tab-separated-values"),
    MediaType.JSON: ("json jsonl ndjson", "application/json application/jsonl application/x-ndjson"),
    MediaType.EML: ("eml", "message/rfc822"),
}
"""How names of files end, and what senders call them: of the kinds of text that only such a hint tells apart."""
_SUFFIXES: Final = {suffix: kind for kind, (suffixes, _) in _HINTS.items() for suffix in suffixes.split()}
_CLAIMS: Final = {claim: kind for kind, (_, claims) in _HINTS.items() for claim in claims.split()}


def known_suffix(filename: str) -> str:
    """The suffix of a file's name if it tells kinds of text apart, with its dot, else "". It is stored in clear."""
    suffix = PurePosixPath(filename).suffix.lower()
    return suffix if suffix.removeprefix(".") in _SUFFIXES else ""


def hinted(claimed: str, suffix: str) -> MediaType | None:
    """The kind of text the sender's file name says, else their media type; None if neither names one."""
    by_suffix = _SUFFIXES.get(suffix.removeprefix(".").lower())
    return by_suffix or _CLAIMS.get(claimed.partition(";")[0].strip().lower())
