"""An upload as it comes in: a form with a file, or a JSON body with a text."""

import hashlib
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

from api.multipart import MultipartUpload
from api.schemas.documents import DocumentFields, TextUpload
from lethe.errors import InvalidRequest, UnsupportedMediaType
from lethe.ingestion.requests import UploadRequest
from lethe.model.documents import SubjectMention

_JSON_FIELDS: Final = frozenset({"metadata", "readers", "subjects"})
"""Form fields whose text is JSON."""

FieldsT = TypeVar("FieldsT", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Incoming:
    """What was asked, its canonical text (without the bytes), and the bytes to come."""

    request: UploadRequest
    canonical: str
    data: AsyncIterator[bytes]


class Hashed:
    """A stream whose SHA-256 is known when it has passed."""

    def __init__(self, data: AsyncIterator[bytes]) -> None:
        self._data = data
        self._digest = hashlib.sha256()

    async def pass_on(self) -> AsyncIterator[bytes]:
        """The pieces, unchanged."""
        async for piece in self._data:
            self._digest.update(piece)
            yield piece

    async def drain(self) -> bytes:
        """Read to the end for the digest only."""
        async for piece in self._data:
            self._digest.update(piece)
        return self.sha256

    @property
    def sha256(self) -> bytes:
        return self._digest.digest()


async def read_upload(request: Request) -> Incoming:
    """Read up to the document. Raises InvalidRequest, UnsupportedMediaType, RequestValidationError."""
    content_type = request.headers.get("content-type", "")
    match content_type.partition(";")[0].strip().lower():
        case "multipart/form-data":
            upload = MultipartUpload(content_type, request.stream())
            form = await upload.form()
            fields = validated(DocumentFields, form_values(form.fields))
            return _incoming(fields, form.filename, form.media_type, upload.data())
        case "application/json":
            body = validated(TextUpload, await request.body())
            return _incoming(body, "", body.media_type, once(body.text.encode()))
        case _:
            raise UnsupportedMediaType


def form_values(fields: Mapping[str, str]) -> dict[str, object]:
    """Form fields as a model takes them. Raises InvalidRequest."""
    return {name: _form_value(name, text) for name, text in fields.items()}


def _form_value(name: str, text: str) -> object:
    if name not in _JSON_FIELDS:
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidRequest(f"The field {name!r} takes JSON.") from error


def validated(model: type[FieldsT], raw: bytes | dict[str, object]) -> FieldsT:
    """The body as the model has it. Raises RequestValidationError."""
    try:
        return model.model_validate_json(raw) if isinstance(raw, bytes) else model.model_validate(raw)
    except ValidationError as error:
        raise RequestValidationError(
            [{**item, "loc": ("body", *item["loc"])} for item in error.errors(include_url=False, include_input=False)]
        ) from error


def _incoming(fields: DocumentFields, filename: str, media_type: str, data: AsyncIterator[bytes]) -> Incoming:
    said = fields.model_dump(mode="json", exclude_unset=True, exclude={"text"})
    request = UploadRequest(
        source_uri=fields.source_uri,
        title=fields.title,
        metadata=fields.metadata,
        readers=None if fields.readers is None else tuple(fields.readers),
        classification=fields.classification,
        subjects=tuple(SubjectMention(subject.kind, subject.value) for subject in fields.subjects),
        filename=filename,
        media_type=media_type,
        purpose=fields.purpose,
        legal_basis=fields.legal_basis,
        expires_at=fields.expires_at,
    )
    return Incoming(request, json.dumps([said, filename, media_type], sort_keys=True), data)


async def once(data: bytes) -> AsyncIterator[bytes]:
    """A stream of one piece."""
    yield data
