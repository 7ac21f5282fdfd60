"""Chunks as their readers see them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from lethe.errors import DocumentNotFound, KeyDestroyed
from lethe.model.documents import Chunk, Version
from lethe.model.ids import Id
from lethe.ports.keyring import KeyRing
from lethe.privacy.sealing import Purpose, unseal_text


@dataclass(frozen=True, slots=True)
class ChunkView:
    """A chunk as its reader sees it; see lethe.model.documents.Chunk for the units."""

    id: Id
    document_id: Id
    version_id: Id
    title: str
    source_uri: str
    classification: str
    created_at: datetime
    ordinal: int
    text: str
    section: str
    page: int | None
    language: str
    tokens: int
    start: int
    end: int
    suspicion: float

    @property
    def texts(self) -> tuple[str, ...]:
        """Every text it shows."""
        return self.text, self.section, self.title, self.source_uri


@dataclass(frozen=True, slots=True)
class ChunkPage:
    """Chunks in order; ``after``: the ordinal at which the next page begins."""

    views: list[ChunkView]
    after: int | None


@dataclass(frozen=True, slots=True)
class Neighbours:
    """A chunk and those that stand around it, each side in order."""

    before: list[ChunkView]
    chunk: ChunkView
    after: list[ChunkView]


async def open_chunks(keyring: KeyRing, version: Version, chunks: Sequence[Chunk]) -> list[ChunkView]:
    """The version's chunks in clear text. Raises DocumentNotFound where its key is destroyed."""
    if not chunks:
        return []
    try:
        key = await keyring.get(version.tenant_id, version.id)
    except KeyDestroyed as error:
        raise DocumentNotFound from error
    source_uri = unseal_text(key, Purpose.SOURCE_URI, version.sealed_source_uri)
    title = unseal_text(key, Purpose.TITLE, version.sealed_title)
    return [
        ChunkView(
            id=chunk.id,
            document_id=version.document_id,
            version_id=version.id,
            title=title,
            source_uri=source_uri,
            classification=version.classification,
            created_at=version.created_at,
            ordinal=chunk.ordinal,
            text=unseal_text(key, Purpose.CHUNK_TEXT, chunk.sealed_text),
            section=unseal_text(key, Purpose.CHUNK_SECTION, chunk.sealed_section),
            page=chunk.page,
            language=chunk.language,
            tokens=chunk.tokens,
            start=chunk.start,
            end=chunk.end,
            suspicion=chunk.suspicion,
        )
        for chunk in chunks
    ]
