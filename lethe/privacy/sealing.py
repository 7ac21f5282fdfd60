"""AES-256-GCM under a data key. A sealed value is nonce (12 bytes) + ciphertext + tag (16 bytes).

The associated data binds a value to its place (`purpose`), so a ciphertext moved to another column does not open.
Blobs are sealed in segments (the STREAM construction, Hoang et al. 2015): each segment's nonce carries its number and
whether it is the last, so that segments cannot be reordered, dropped or cut without notice.
"""

import json
import os
import struct
from collections.abc import AsyncIterator
from enum import StrEnum
from typing import Final

import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from numpy.typing import NDArray

from lethe.errors import SealBroken

NONCE_BYTES: Final = 12
TAG_BYTES: Final = 16
SEGMENT_BYTES: Final = 256 * 1024
_PREFIX_BYTES: Final = 7


class Purpose(StrEnum):
    """The places of sealed values: who seals and who opens must name the same one."""

    SOURCE_URI = "version.source_uri"
    TITLE = "version.title"
    METADATA = "version.metadata"
    CHUNK_TEXT = "chunk.text"
    CHUNK_SECTION = "chunk.section"
    CHUNK_VECTOR = "chunk.vector"
    QUESTION = "question.request"
    ANSWER = "answer.body"
    TRACE = "answer.trace"
    FEEDBACK = "feedback.reason"
    QUESTION_VECTOR = "cached_answer.vector"
    IDEMPOTENCY = "idempotency.body"
    ORIGINAL = "blob.original"
    ELEMENTS = "blob.elements"
    IDENTIFIER = "subject.identifier"
    OPTIONS = "ingestion.options"
    REFUSED_NAME = "ingestion_refusal.name"
    ARCHIVE = "blob.archive"
    FAILURE = "dead_letter.detail"
    SOURCE_SPEC = "source.spec"
    LISTED_ITEM = "sync_item.item"
    WEBHOOK_URL = "webhook.url"
    WEBHOOK_SIGNING = "webhook.signing"
    PREFIX = "quarantine.prefix"
    WISH = "selection.wish"
    GLOSSARY = "glossary.entries"
    ERASURE_IDENTIFIER = "erasure.identifier"
    LEAF = "log_leaf.detail"


def seal(key: bytes, purpose: str, plain: bytes) -> bytes:
    """Seal bytes for one purpose (Purpose, or the name of a blob)."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, purpose.encode())


def unseal(key: bytes, purpose: str, sealed: bytes) -> bytes:
    """Open what `seal` made. Raises SealBroken."""
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], purpose.encode())
    except (InvalidTag, ValueError) as error:
        raise SealBroken(purpose) from error


def seal_text(key: bytes, purpose: str, text: str) -> bytes:
    return seal(key, purpose, text.encode())


def unseal_text(key: bytes, purpose: str, sealed: bytes) -> str:
    return unseal(key, purpose, sealed).decode()


def seal_json(key: bytes, purpose: str, value: object) -> bytes:
    return seal(key, purpose, json.dumps(value, separators=(",", ":"), sort_keys=True).encode())


def unseal_json(key: bytes, purpose: str, sealed: bytes) -> object:
    return json.loads(unseal(key, purpose, sealed))


def seal_vector(key: bytes, vector: NDArray[np.float32]) -> bytes:
    """Seal a vector of shape (dims,) as little-endian float32."""
    return seal(key, Purpose.CHUNK_VECTOR, vector.astype("<f4").tobytes())


def unseal_vector(key: bytes, sealed: bytes) -> NDArray[np.float32]:
    """Open what `seal_vector` made: shape (dims,), float32."""
    return np.frombuffer(unseal(key, Purpose.CHUNK_VECTOR, sealed), dtype="<f4").astype(np.float32)


def _segment_nonce(prefix: bytes, number: int, *, last: bool) -> bytes:
    return prefix + struct.pack(">I", number) + (b"\x01" if last else b"\x00")


async def seal_stream(key: bytes, purpose: str, data: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Seal a stream of any length in constant memory."""
    prefix = os.urandom(_PREFIX_BYTES)
    cipher = AESGCM(key)
    yield prefix
    held = bytearray()
    number = 0
    async for piece in data:
        held += piece
        while len(held) > SEGMENT_BYTES:
            yield cipher.encrypt(
                _segment_nonce(prefix, number, last=False), bytes(held[:SEGMENT_BYTES]), purpose.encode()
            )
            del held[:SEGMENT_BYTES]
            number += 1
    yield cipher.encrypt(_segment_nonce(prefix, number, last=True), bytes(held), purpose.encode())


async def unseal_stream(key: bytes, purpose: str, data: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Open what `seal_stream` made. Raises SealBroken, also when the end is missing."""
    cipher = AESGCM(key)
    held = bytearray()
    prefix = b""
    number = 0
    size = SEGMENT_BYTES + TAG_BYTES
    try:
        async for piece in data:
            held += piece
            if not prefix and len(held) >= _PREFIX_BYTES:
                prefix = bytes(held[:_PREFIX_BYTES])
                del held[:_PREFIX_BYTES]
            while prefix and len(held) > size:
                yield cipher.decrypt(_segment_nonce(prefix, number, last=False), bytes(held[:size]), purpose.encode())
                del held[:size]
                number += 1
        yield cipher.decrypt(_segment_nonce(prefix, number, last=True), bytes(held), purpose.encode())
    except (InvalidTag, ValueError) as error:
        raise SealBroken(purpose) from error
