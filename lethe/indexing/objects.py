"""What an index holds of a chunk."""

from collections.abc import Mapping
from dataclasses import fields
from typing import cast

import numpy as np
from numpy.typing import NDArray

from lethe.model.attributes import attributes
from lethe.model.documents import Chunk, Version
from lethe.model.terms import index_terms
from lethe.ports.vectors import IndexObject, KeywordObject
from lethe.privacy.sealing import Purpose, unseal_json, unseal_text


def version_attributes(key: bytes, version: Version) -> tuple[str, ...]:
    """The version's metadata as the index filters by it."""
    metadata = unseal_json(key, Purpose.METADATA, version.sealed_metadata)
    return attributes(cast("Mapping[str, object]", metadata))


def keyword_object(key: bytes, version: Version, chunk: Chunk, filters: tuple[str, ...] | None = None) -> KeywordObject:
    """The words of one chunk.

    ``filters``: the version's `version_attributes`, for whoever makes many objects of one version.
    """
    section = unseal_text(key, Purpose.CHUNK_SECTION, chunk.sealed_section)
    text = unseal_text(key, Purpose.CHUNK_TEXT, chunk.sealed_text)
    return KeywordObject(
        chunk_id=chunk.id,
        document_id=chunk.document_id,
        version_id=chunk.version_id,
        ordinal=chunk.ordinal,
        terms=index_terms(f"{section}\n{text}", chunk.language),
        readers=version.readers,
        attributes=version_attributes(key, version) if filters is None else filters,
    )


def index_object(
    key: bytes, version: Version, chunk: Chunk, vector: NDArray[np.float32], filters: tuple[str, ...] | None = None
) -> IndexObject:
    """The object of one chunk; ``vector`` has shape (dims,). ``filters`` as for `keyword_object`."""
    words = keyword_object(key, version, chunk, filters)
    return IndexObject(**{field.name: getattr(words, field.name) for field in fields(words)}, vector=vector)
