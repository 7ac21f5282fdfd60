"""Requests that must be refused: path, what is sent, status, code."""

from typing import Any

from tests.unit.api.world import DOCUMENT_BYTES, JSON_BYTES

UPLOAD, QUERY, SEARCH = "/v1/documents", "/v1/query", "/v1/search"
INVALID = "invalid_request"
FORM = {"content-type": "multipart/form-data; boundary=b0"}
FILE = ("file", b"x", "x.txt")
JSON = {"content-type": "application/json"}


def form(*parts: tuple[str, bytes] | tuple[str, bytes, str], end: bool = True) -> dict[str, Any]:
    """A multipart body, written by hand so that the order and the damage are the test's."""
    body = b""
    for name, value, *filename in parts:
        disposition = f'form-data; name="{name}"' + (f'; filename="{filename[0]}"' if filename else "")
        body += f"--b0\r\ncontent-disposition: {disposition}\r\n\r\n".encode() + value + b"\r\n"
    return {
        "content": body + (b"--b0--\r\n" if end else b""),
        "headers": FORM,
    }


def _sent(body: bytes) -> dict[str, Any]:
    """JSON as it stands."""
    return {"content": body, "headers": JSON}


def _typed(content_type: bytes) -> dict[str, Any]:
    """A form whose file claims a type."""
    head = b'--b0\r\ncontent-disposition: form-data; name="file"; filename="x.txt"\r\ncontent-type: '
    return {"content": head + content_type + b"\r\n\r\nx\r\n--b0--\r\n", "headers": FORM}


CASES: dict[str, tuple[str, dict[str, Any], int, str]] = {
    "wrong JSON": (QUERY, {"content": b'{"question": ', "headers": JSON}, 400, "malformed_json"),
    "wrong JSON upload": (UPLOAD, {"content": b'{"text": ', "headers": JSON}, 400, "malformed_json"),
    "not UTF-8": (QUERY, {"content": b'{"question": "\xff"}', "headers": JSON}, 400, "malformed_json"),
    "deep JSON": (QUERY, {"content": b"[" * 9000, "headers": JSON}, 400, "malformed_json"),
    "JSON that is no object": (QUERY, {"json": ["question"]}, 422, INVALID),
    "no body": (QUERY, {}, 422, INVALID),
    "not JSON": (QUERY, {"data": {"question": "x"}}, 415, "unsupported_media_type"),
    "upload of another type": (
        UPLOAD,
        {"content": b"x", "headers": {"content-type": "text/plain"}},
        415,
        "unsupported_media_type",
    ),
    "unknown field": (QUERY, {"json": {"question": "x", "topk": 3}}, 422, "unknown_field"),
    "unknown field in JSON upload": (UPLOAD, {"json": {"text": "x", "titel": "y"}}, 422, "unknown_field"),
    "unknown field in a form": (UPLOAD, form(("titel", b"y"), FILE), 422, "unknown_field"),
    "unknown nested field": (
        UPLOAD,
        {"json": {"text": "x", "subjects": [{"kind": "email", "value": "a", "x": 1}]}},
        422,
        "unknown_field",
    ),
    "missing field": (QUERY, {"json": {}}, 422, INVALID),
    "wrong type": (QUERY, {"json": {"question": 7}}, 422, INVALID),
    "out of range": (QUERY, {"json": {"question": "x", "top_k": 51}}, 422, INVALID),
    "not a number": (QUERY, {"content": b'{"question": "x", "alpha": NaN}', "headers": JSON}, 422, INVALID),
    "lone surrogate": (QUERY, {"content": b'{"question": "\\ud800"}', "headers": JSON}, 422, INVALID),
    "control character": (QUERY, {"json": {"question": "a\u0000b"}}, 422, INVALID),
    "empty question": (SEARCH, {"json": {"question": "  "}}, 422, INVALID),
    "unknown filter": (SEARCH, {"json": {"question": "x", "filters": {"year": {"$near": 3}}}}, 422, INVALID),
    "long question": (QUERY, {"json": {"question": "x" * 1001}}, 422, "question_too_long"),
    "long question of a search": (SEARCH, {"json": {"question": "ä" * 1001}}, 422, "question_too_long"),
    "empty text": (UPLOAD, {"json": {"text": ""}}, 422, "empty_document"),
    "empty file": (UPLOAD, form(("file", b"", "x.txt")), 422, "empty_document"),
    "large JSON": (UPLOAD, {"json": {"text": "x" * JSON_BYTES}}, 413, "payload_too_large"),
    "large question": (QUERY, {"json": {"question": "x" * JSON_BYTES}}, 413, "payload_too_large"),
    "large file": (UPLOAD, form(("file", b"x" * (DOCUMENT_BYTES + 1), "x.txt")), 413, "payload_too_large"),
    "larger file": (UPLOAD, form(("file", b"x" * (3 * DOCUMENT_BYTES), "x.txt")), 413, "payload_too_large"),
    "form without file": (UPLOAD, form(("title", b"x")), 422, INVALID),
    "field after the file": (UPLOAD, form(FILE, ("title", b"late")), 422, INVALID),
    "two files": (UPLOAD, form(FILE, ("file", b"y", "y.txt")), 422, INVALID),
    "field twice": (UPLOAD, form(("title", b"a"), ("title", b"b"), FILE), 422, INVALID),
    "field that is not UTF-8": (UPLOAD, form(("title", b"\xff"), FILE), 422, INVALID),
    "field that is not JSON": (UPLOAD, form(("metadata", b"{"), FILE), 422, INVALID),
    "large field": (UPLOAD, form(("title", b"x" * 200_000), FILE), 422, INVALID),
    "form cut short": (UPLOAD, form(("file", b"half a file", "x.txt"), end=False), 422, INVALID),
    "form that is none": (UPLOAD, {"content": b"--nope", "headers": FORM}, 422, INVALID),
    "form without boundary": (
        UPLOAD,
        {"content": b"x", "headers": {"content-type": "multipart/form-data"}},
        422,
        INVALID,
    ),
    "readers that are no ids": (UPLOAD, {"json": {"text": "x", "readers": ["everyone"]}}, 422, INVALID),
    "no readers": (UPLOAD, {"json": {"text": "x", "readers": []}}, 422, INVALID),
    "sentence as kind": (
        UPLOAD,
        {"json": {"text": "x", "subjects": [{"kind": "Dr. Who", "value": "a"}]}},
        422,
        INVALID,
    ),
    "nested metadata": (UPLOAD, {"json": {"text": "x", "metadata": {"a": {"b": 1}}}}, 422, INVALID),
    "surrogate in metadata": (UPLOAD, _sent(b'{"text": "x", "metadata": {"a": "\\ud800"}}'), 400, "malformed_json"),
    "surrogate in metadata of a form": (UPLOAD, form(("metadata", b'{"a": "\\ud800"}'), FILE), 422, INVALID),
    "surrogate in a list of metadata": (UPLOAD, form(("metadata", b'{"a": ["\\ud800"]}'), FILE), 422, INVALID),
    "surrogate in a key of metadata": (UPLOAD, form(("metadata", b'{"\\ud800": 1}'), FILE), 422, INVALID),
    "surrogate in a subject": (
        UPLOAD,
        form(("subjects", b'[{"kind": "email", "value": "\\ud800"}]'), FILE),
        422,
        INVALID,
    ),
    "surrogate in readers": (UPLOAD, form(("readers", b'["\\ud800"]'), FILE), 422, INVALID),
    "surrogate in a filter": (SEARCH, _sent(b'{"question": "x", "filters": {"a": "\\ud800"}}'), 422, INVALID),
    "surrogate in a filter's key": (SEARCH, _sent(b'{"question": "x", "filters": {"\\ud800": {}}}'), 422, INVALID),
    "surrogate in an operator": (SEARCH, _sent(b'{"question": "x", "filters": {"a": {"\\ud800": 1}}}'), 422, INVALID),
    "surrogate in a field's name": (SEARCH, _sent(b'{"question": "x", "\\ud800": 1}'), 422, INVALID),
    "NUL in metadata": (UPLOAD, {"json": {"text": "x", "metadata": {"a": "b\0"}}}, 422, INVALID),
    "NUL in a title": (UPLOAD, {"json": {"text": "x", "title": "b\0"}}, 422, INVALID),
    "NUL in a title of a form": (UPLOAD, form(("title", b"b\0"), FILE), 422, INVALID),
    "NUL in a source URI": (UPLOAD, {"json": {"text": "x", "source_uri": "b\0"}}, 422, INVALID),
    "NUL in a subject": (
        UPLOAD,
        {"json": {"text": "x", "subjects": [{"kind": "email", "value": "b\0"}]}},
        422,
        INVALID,
    ),
    "NUL in a filter": (SEARCH, {"json": {"question": "x", "filters": {"a": "b\0"}}}, 422, INVALID),
    "NUL in a file's name": (UPLOAD, form(("file", b"x", "b\0.txt")), 422, INVALID),
    "NUL in a file's type": (UPLOAD, _typed(b"text/pla\0in"), 422, INVALID),
    "a file's type that is none": (UPLOAD, _typed(b"words of a sentence"), 422, INVALID),
    "a file's type that is not ASCII": (UPLOAD, _typed(b"text/\xff"), 422, INVALID),
    "integer too large": (UPLOAD, {"json": {"text": "x", "metadata": {"a": 2**53 + 1}}}, 422, INVALID),
    "integer too small": (UPLOAD, {"json": {"text": "x", "metadata": {"a": [-(2**53) - 1]}}}, 422, INVALID),
    "integer of 400 digits": (UPLOAD, {"json": {"text": "x", "metadata": {"a": 10**400}}}, 422, INVALID),
    "integers of 400 digits": (UPLOAD, {"json": {"text": "x", "metadata": {"a": [10**400]}}}, 422, INVALID),
    "integer of 400 digits in a form": (UPLOAD, form(("metadata", b'{"a": %d}' % (10**400)), FILE), 422, INVALID),
    "integer of 5000 digits": (
        UPLOAD,
        _sent(b'{"text": "x", "metadata": {"a": ' + b"9" * 5000 + b"}}"),
        400,
        "malformed_json",
    ),
    "filter of 400 digits": (SEARCH, {"json": {"question": "x", "filters": {"a": 10**400}}}, 422, INVALID),
    "filter of 5000 digits": (
        SEARCH,
        _sent(b'{"question": "x", "filters": {"a": ' + b"9" * 5000 + b"}}"),
        400,
        "malformed_json",
    ),
    "unknown role": ("/v1/keys", {"json": {"role": "owner"}}, 422, INVALID),
    "empty idempotency key": (
        UPLOAD,
        {"json": {"text": "x"}, "headers": {"Idempotency-Key": " "}},
        400,
        "invalid_idempotency_key",
    ),
    "long idempotency key": (
        "/v1/keys",
        {"json": {"role": "reader"}, "headers": {"Idempotency-Key": "k" * 201}},
        400,
        "invalid_idempotency_key",
    ),
}
