"""validate, parse, chunk: from sealed bytes to sealed chunks."""

import asyncio
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from lethe.contracts.ingestion import Chunked, Parsed, Validated, VersionRef
from lethe.errors import SubjectSuppressed
from lethe.guards.injection import suspect_passage
from lethe.ingestion.chunking import ChunkDraft, chunk_document, embedding_text
from lethe.ingestion.cleaning import clean
from lethe.ingestion.elements import from_json, to_json
from lethe.ingestion.metadata import open_fields
from lethe.ingestion.sniffing import sniff
from lethe.ingestion.steps.pipeline import Pipeline, enter, still_wanted
from lethe.model.blobs import BlobName, blob_key
from lethe.model.documents import Chunk, Status, Version
from lethe.model.ids import chunk_id
from lethe.model.processors import Origin
from lethe.ports.keyring import SecretPurpose
from lethe.ports.parsing import ParsedDocument
from lethe.privacy.digests import keyed_digest
from lethe.privacy.erasure.suppressing import Suppressing
from lethe.privacy.processors import EmbedderFor
from lethe.privacy.sealing import Purpose, seal_stream, seal_text, unseal_stream, unseal_text
from lethe.settings import ChunkStrategy


async def validate_document(pipeline: Pipeline, ref: VersionRef) -> Validated:
    """See `told_type`."""
    version = await enter(pipeline, ref, Status.PARSING)
    media_type = await told_type(pipeline, version)
    async with pipeline.ledger.write() as uow:
        await uow.tenants.lock(ref.tenant_id)
        _, current = await still_wanted(uow, ref)
        await uow.versions.update(replace(current, media_type=media_type))
    return Validated(media_type=media_type, size_bytes=version.size_bytes)


async def parse_document(pipeline: Pipeline, ref: VersionRef) -> Parsed:
    """Read the file in a limited child process and keep its elements, sealed. Raises DocumentError."""
    version = await enter(pipeline, ref, Status.PARSING)
    parsed = await read_elements(pipeline, version)
    try:
        async with pipeline.ledger.read() as uow:
            await still_wanted(uow, ref)
    except Exception:
        # Deleted while it was parsed: whoever removed the version may have been here before this blob was.
        await forget_elements(pipeline, version)
        raise
    return Parsed(
        elements=len(parsed.elements),
        characters=sum(len(element.text) for element in parsed.elements),
        asks_outside=pipeline.embeds_outside and pipeline.chunking.strategy is ChunkStrategy.SEMANTIC,
    )


async def told_type(pipeline: Pipeline, version: Version) -> str:
    """Have the bytes scanned for malware, then tell their media type.

    Raises DocumentError, MalwareScannerUnavailable.
    """
    if pipeline.malware is not None:
        await pipeline.malware.scan(await _original(pipeline, version))
    async with _clear_file(pipeline, version) as path:
        return await asyncio.to_thread(_sniff, pipeline, path, version)


async def read_elements(pipeline: Pipeline, version: Version) -> ParsedDocument:
    """Parse the file as its ``media_type`` says and keep what was read, sealed. Raises DocumentError."""
    async with _clear_file(pipeline, version) as path:
        parsed = await pipeline.parser.parse(path, version.media_type)
    key = await pipeline.keyring.get(version.tenant_id, version.id)
    await _refuse_suppressed(pipeline, version, key, parsed)
    stored = seal_stream(key, Purpose.ELEMENTS, _once(to_json(parsed)))
    await pipeline.blobs.write(_elements_key(version), stored)
    return parsed


async def _refuse_suppressed(pipeline: Pipeline, version: Version, key: bytes, parsed: ParsedDocument) -> None:
    """Raises SubjectSuppressed; then nothing of the text is kept."""
    try:
        await _check_suppressed(pipeline, version, key, parsed)
    except SubjectSuppressed:
        # What waits for a decision is the failure, not the person's text: it is overwritten, the file stays one.
        await pipeline.blobs.write(version.blob_key, seal_stream(key, Purpose.ORIGINAL, _once(b"")))
        await forget_elements(pipeline, version)
        raise


async def _check_suppressed(pipeline: Pipeline, version: Version, key: bytes, parsed: ParsedDocument) -> None:
    """Raises SubjectSuppressed where the text, title, metadata or file name shows somebody who was erased.

    What an erasure wrote anew may still name whom another one under way is about: that one writes it anew in its turn.
    """
    fields = open_fields(key, version)
    # One text: a name may be cut by the end of a line or cell.
    text = "\n".join(element.text for element in parsed.elements)
    texts = [text, fields.title or "", fields.source_uri, *(str(value) for value in fields.metadata.values())]
    is_ours = version.rewritten_at is not None
    suppressing = Suppressing(pipeline.ledger, pipeline.keyring)
    await suppressing.check_texts(version.tenant_id, texts, but_of_open=is_ours)


async def forget_elements(pipeline: Pipeline, version: Version) -> None:
    """Remove what `read_elements` kept."""
    await pipeline.blobs.delete_prefix(_elements_key(version))


@dataclass(frozen=True, slots=True)
class Cut:
    """A version's chunks, sealed, and its title: the document's own unless the sender gave one."""

    chunks: tuple[Chunk, ...]
    sealed_title: bytes


async def chunk_version(pipeline: Pipeline, ref: VersionRef) -> Chunked:
    """Clean the elements, cut them into chunks, and make these the version's chunks.

    Raises NoText, SubjectSuppressed.
    """
    version = await enter(pipeline, ref, Status.CHUNKING)
    key = await pipeline.keyring.get(ref.tenant_id, ref.version_id)
    data = b"".join([piece async for piece in unseal_stream(key, Purpose.ELEMENTS, _blob(pipeline, version))])
    parsed = await asyncio.to_thread(from_json, data)
    # However long ago it was parsed: no erasure finds what is in no row yet.
    await _refuse_suppressed(pipeline, version, key, parsed)
    cut = await cut_into_chunks(pipeline, version, parsed)
    async with pipeline.ledger.write() as uow:
        await uow.tenants.lock(ref.tenant_id)
        _, current = await still_wanted(uow, ref)
        await uow.chunks.replace(ref.tenant_id, ref.version_id, cut.chunks)
        await uow.versions.update(with_cut(current, cut))
    return Chunked(chunks=len(cut.chunks), asks_outside=pipeline.embeds_outside)


def with_cut(version: Version, cut: Cut) -> Version:
    """The version as it is now, with what chunking found."""
    title = version.sealed_title if version.title_given else cut.sealed_title
    return replace(version, chunk_count=len(cut.chunks), sealed_title=title)


async def cut_into_chunks(pipeline: Pipeline, version: Version, parsed: ParsedDocument) -> Cut:
    """Clean the elements and cut them into chunks. Raises NoText."""
    key = await pipeline.keyring.get(version.tenant_id, version.id)
    digest_key = await pipeline.keyring.secret(version.tenant_id, SecretPurpose.DIGEST)
    source = unseal_text(key, Purpose.SOURCE_URI, version.sealed_source_uri)
    document = await asyncio.to_thread(lambda: clean(parsed, file_stem(source)))
    embedder = EmbedderFor(pipeline.embedder, Origin(version.tenant_id, frozenset({version.document_id})))
    drafts = await chunk_document(document, embedder, pipeline.chunking)

    def sealed(draft: ChunkDraft) -> Chunk:
        embedded = embedding_text(draft.section, draft.text, pipeline.embedder.tokenizer)
        return Chunk(
            tenant_id=version.tenant_id,
            id=chunk_id(version.id, draft.ordinal),
            version_id=version.id,
            document_id=version.document_id,
            ordinal=draft.ordinal,
            sealed_text=seal_text(key, Purpose.CHUNK_TEXT, draft.text),
            sealed_section=seal_text(key, Purpose.CHUNK_SECTION, draft.section),
            # Of what is embedded: a chunk with this digest may take over a known vector.
            text_hmac=keyed_digest(digest_key, "chunk", embedded),
            start=draft.start,
            end=draft.end,
            tokens=draft.tokens,
            language=draft.language,
            page=draft.page,
            suspicion=suspect_passage(f"{draft.section}\n{draft.text}").score,
        )

    chunks = await asyncio.to_thread(lambda: tuple(sealed(draft) for draft in drafts))
    return Cut(chunks, seal_text(key, Purpose.TITLE, document.title))


def file_stem(source_uri: str) -> str:
    """The title of last resort: the file's name in the source, without its suffix; "" where there is none."""
    name = PurePosixPath(source_uri.split("?", maxsplit=1)[0].split("#", maxsplit=1)[0]).name
    return "" if ":" in name else PurePosixPath(name).stem.replace("_", " ").replace("-", " ").strip()


def _elements_key(version: Version) -> str:
    return blob_key(version.tenant_id, version.id, BlobName.ELEMENTS)


def _blob(pipeline: Pipeline, version: Version) -> AsyncIterator[bytes]:
    return pipeline.blobs.read(_elements_key(version))


def _sniff(pipeline: Pipeline, path: Path, version: Version) -> str:
    with path.open("rb") as file:
        told = sniff(file, claimed=version.media_type, suffix=version.filename_suffix, limits=pipeline.limits)
    return told.value


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data


async def _original(pipeline: Pipeline, version: Version) -> AsyncIterator[bytes]:
    key = await pipeline.keyring.get(version.tenant_id, version.id)
    return unseal_stream(key, Purpose.ORIGINAL, pipeline.blobs.read(version.blob_key))


@asynccontextmanager
async def _clear_file(pipeline: Pipeline, version: Version) -> AsyncGenerator[Path]:
    """The original in clear text, in a folder only this process may read, for as long as it is needed."""
    original = await _original(pipeline, version)
    with tempfile.TemporaryDirectory(dir=pipeline.scratch, prefix="read-") as folder:
        path = Path(folder) / f"document{version.filename_suffix}"
        with path.open("wb") as file:
            async for piece in original:
                await asyncio.to_thread(file.write, piece)
        yield path
