"""Documents of a bulk ingestion as they come in: a form of many files or an archive, or JSON with texts."""

import hashlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Protocol

from fastapi import Request

from api.multipart_files import ARCHIVE, FilePart, MultipartFiles
from api.schemas.documents import TextUpload
from api.schemas.ingestions import IngestionOptions, Manifest, MoreTexts, NewIngestion
from api.uploads import form_values, once, validated
from lethe.errors import InvalidRequest, LetheError, UnsupportedMediaType
from lethe.ingestion.requests import UploadRequest
from lethe.model.documents import SubjectMention


class Digest(Protocol):
    """What hashlib makes."""

    def update(self, data: bytes, /) -> None: ...
    def digest(self) -> bytes: ...


class BrokenBodyError(Exception):
    """The request's body ended early or grew too large: no fault of the document that was being read."""

    def __init__(self, cause: LetheError) -> None:
        super().__init__(cause.code)
        self.cause = cause


@dataclass(frozen=True, slots=True)
class IncomingPart:
    """A document or an archive, its bytes to come."""

    is_archive: bool
    request: UploadRequest
    data: AsyncIterator[bytes]


@dataclass(slots=True)
class IncomingMany:
    """What was said of all documents, and the documents to come. ``sha256`` is complete when they have come."""

    options: IngestionOptions
    is_open: bool
    window: int | None
    _parts: AsyncIterator[FilePart] | None = None
    _texts: MoreTexts | None = None
    _digest: Digest = field(default_factory=hashlib.sha256)

    @property
    def canonical(self) -> str:
        """What was said, without the documents."""
        return json.dumps(
            self.options.model_dump(mode="json", exclude_unset=True, exclude={"documents"}), sort_keys=True
        )

    @property
    def sha256(self) -> bytes:
        """Of names and bytes, in order."""
        return self._digest.digest()

    async def parts(self) -> AsyncIterator[IncomingPart]:
        """Each document or archive in turn; what is not read of one is skipped, but digested."""
        if self._texts is not None:
            for text in self._texts.documents:
                self._digest.update(text.model_dump_json().encode())
                yield IncomingPart(False, _of_text(self.options, text), once(text.text.encode()))
        if self._parts is not None:
            async for part in self._parts:
                self._digest.update(f"{part.kind}\0{part.filename}\0".encode())
                data = self._hashed(part.data)
                yield IncomingPart(part.kind == ARCHIVE, _of_file(self.options, part), data)
                async for _ in data:
                    pass

    async def drain(self) -> bytes:
        """Read to the end for the digest only."""
        async for part in self.parts():
            async for _ in part.data:
                pass
        return self.sha256

    async def _hashed(self, data: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        try:
            async for piece in data:
                self._digest.update(piece)
                yield piece
        except LetheError as error:
            raise BrokenBodyError(error) from error


async def read_many(request: Request, *, is_new: bool) -> IncomingMany:
    """Read up to the first document. Raises InvalidRequest, UnsupportedMediaType, RequestValidationError."""
    content_type = request.headers.get("content-type", "")
    match content_type.partition(";")[0].strip().lower():
        case "multipart/form-data":
            upload = MultipartFiles(content_type, request.stream())
            form = await upload.begin()
            model = NewIngestion if is_new else IngestionOptions
            return _many(validated(model, form_values(form.fields)), parts=upload.files())
        case "application/json":
            said = validated(Manifest if is_new else MoreTexts, await request.body())
            return _many(said, texts=said)
        case _:
            raise UnsupportedMediaType


def _many(
    said: IngestionOptions, *, parts: AsyncIterator[FilePart] | None = None, texts: MoreTexts | None = None
) -> IncomingMany:
    is_open = said.open if isinstance(said, NewIngestion) else False
    window = said.window if isinstance(said, NewIngestion) else None
    return IncomingMany(said, is_open, window, parts, texts)


def _of_file(options: IngestionOptions, part: FilePart) -> UploadRequest:
    if options.source_prefix is not None and not part.filename:
        raise InvalidRequest("A file has no name, so its source is unknown.")
    return UploadRequest(
        source_uri=None if options.source_prefix is None else options.source_prefix + part.filename,
        metadata=options.metadata,
        readers=None if options.readers is None else tuple(options.readers),
        classification=options.classification,
        subjects=_subjects(options),
        filename=part.filename,
        media_type=part.media_type,
        expires_at=options.expires_at,
    )


def _of_text(options: IngestionOptions, text: TextUpload) -> UploadRequest:
    readers = text.readers if text.readers is not None else options.readers
    return UploadRequest(
        source_uri=text.source_uri,
        title=text.title,
        metadata=text.metadata if text.metadata is not None else options.metadata,
        readers=None if readers is None else tuple(readers),
        classification=text.classification or options.classification,
        subjects=tuple(SubjectMention(each.kind, each.value) for each in text.subjects) or _subjects(options),
        filename="",
        media_type=text.media_type,
        expires_at=text.expires_at or options.expires_at,
    )


def _subjects(options: IngestionOptions) -> tuple[SubjectMention, ...]:
    return tuple(SubjectMention(each.kind, each.value) for each in options.subjects)
