"""Digests that may leave the process: HMACs under a tenant's key, because a bare hash of a short text is guessable."""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from typing import Final

from lethe.errors import InvalidRequest
from lethe.privacy.identifiers import normalise_identifier, text_key

MAX_PREFIXES: Final = 64
"""Beginnings of one source URI that are kept; what is nested deeper is found by the others."""


def keyed_digest(key: bytes, *parts: str | bytes) -> str:
    """HMAC-SHA-256 over the parts, each preceded by its length, as 64 hex digits."""
    mac = hmac.new(key, digestmod=hashlib.sha256)
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        mac.update(len(data).to_bytes(8, "big"))
        mac.update(data)
    return mac.hexdigest()


def source_digest(key: bytes, uri: str) -> str:
    """By which the document of a source is found."""
    return keyed_digest(key, "source", uri)


def blind_index(key: bytes, kind: str, value: str) -> str:
    """What finds an identifier without showing it."""
    return keyed_digest(key, "identifier", kind, normalise_identifier(kind, value))


def suppression_tag(key: bytes, kind: str, found: str) -> str:
    """What keeps an identifier from coming back: 128 bits over its `text_key`, which is all that a text shows."""
    return keyed_digest(key, "suppression", kind, found)[:32]


def suppression_tag_of(key: bytes, kind: str, value: str) -> str:
    """The tag of an identifier as it was given; one that no text shows is told by its exact form."""
    return suppression_tag(key, kind, text_key(kind, value) or f"={normalise_identifier(kind, value)}")


def content_fingerprint(key: bytes, content_sha256: bytes, *, parser: str, chunker: str, policy: str) -> str:
    """P1: what makes a version. Never the embedding model: the same text has the same version under every model."""
    return keyed_digest(key, "content", content_sha256, parser, chunker, policy)


def metadata_fingerprint(
    key: bytes, *, title: str, metadata: Mapping[str, object], readers: Sequence[str], classification: str
) -> str:
    """P1: what is applied in place."""
    flat = [part for name in sorted(metadata) for part in (name, repr(metadata[name]))]
    return keyed_digest(key, "metadata", title, classification, str(len(flat)), *flat, *sorted(readers))


def source_prefixes(uri: str) -> tuple[str, ...]:
    """Every beginning of the URI that ends before a "/", shortest first, and the whole of it; final slashes do not
    count, so "file:///a/" and "file:///a" are the same beginning, and "file:///a" is none of "file:///ab".
    """
    cuts = [place for place, character in enumerate(uri) if character == "/"]
    found = tuple(dict.fromkeys(uri[:cut].rstrip("/") for cut in (*cuts, len(uri))))
    kept = tuple(prefix for prefix in found if prefix) or ("",)
    return (*kept[: MAX_PREFIXES - 1], kept[-1]) if len(kept) > MAX_PREFIXES else kept


def prefix_digest(key: bytes, prefix: str) -> str:
    """What finds the documents whose source begins so. Raises InvalidRequest for one too deep to be kept."""
    beginnings = source_prefixes(prefix)
    if len(beginnings) >= MAX_PREFIXES:
        raise InvalidRequest(f"source_prefix: at most {MAX_PREFIXES - 1} levels are taken")
    return keyed_digest(key, "source-prefix", beginnings[-1])


def prefix_digests(key: bytes, uri: str) -> tuple[str, ...]:
    """What a document is found by: the digest of each beginning of its source URI."""
    return tuple(keyed_digest(key, "source-prefix", prefix) for prefix in source_prefixes(uri))
