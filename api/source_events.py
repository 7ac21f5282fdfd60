"""What an object store tells of its objects: S3 and Google Cloud Storage notifications, as they are sent."""

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final, cast
from urllib.parse import unquote_plus

from lethe.errors import InvalidRequest

MOST_KEYS: Final = 1_000
"""Of one notification."""
MOST_KEY_CHARACTERS: Final = 2_048

Json = Mapping[str, Any]


def keys_of(body: object) -> list[str]:
    """The keys it names, each once. What kind of change it says is not heeded: the store is asked what is there now.

    Takes S3 event messages (also in an SNS envelope or from EventBridge), Pub/Sub pushes of Cloud Storage, and its
    object resources. Raises InvalidRequest for anything else.
    """
    found = list(dict.fromkeys(_keys(_object(body))))
    if len(found) > MOST_KEYS:
        raise InvalidRequest(f"at most {MOST_KEYS} objects are taken at once")
    if not all(_is_fit(key) for key in found):
        raise InvalidRequest("an object's key is empty, too long, or no text")
    return found


def _keys(body: Json) -> Iterator[str]:
    if isinstance(body.get("Records"), list):
        for record in cast("list[object]", body["Records"]):
            # In these messages, and only there, keys are encoded as in a form.
            yield unquote_plus(_text(_object(_object(_object(record).get("s3")).get("object")), "key"))
    elif body.get("Event") == "s3:TestEvent":
        return
    elif body.get("Type") == "Notification":
        yield from _keys(_parsed(_text(body, "Message")))
    elif "detail" in body:
        yield _text(_object(_object(body["detail"]).get("object")), "key")
    elif "message" in body:
        yield _of_pubsub(_object(body["message"]))
    elif body.get("kind") == "storage#object":
        yield _text(body, "name")
    else:
        raise InvalidRequest("neither an S3 event message nor a Cloud Storage notification")


def _of_pubsub(message: Json) -> str:
    attributes = message.get("attributes")
    if isinstance(attributes, Mapping) and "objectId" in attributes:
        return _text(cast("Json", attributes), "objectId")
    try:
        data = base64.b64decode(_text(message, "data"), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise InvalidRequest("message.data is not base64 of UTF-8") from error
    return _text(_parsed(data), "name")


def _parsed(text: str) -> Json:
    try:
        return _object(json.loads(text))
    except (ValueError, RecursionError) as error:
        raise InvalidRequest("the enclosed message is not JSON") from error


def _is_fit(key: str) -> bool:
    """Whether it can be an object's: half of a surrogate pair, which JSON can write, is no text."""
    return 0 < len(key) <= MOST_KEY_CHARACTERS and not any("\ud800" <= character <= "\udfff" for character in key)


def _object(value: object) -> Json:
    if not isinstance(value, Mapping):
        raise InvalidRequest("neither an S3 event message nor a Cloud Storage notification")
    return cast("Json", value)


def _text(value: Json, name: str) -> str:
    found = value.get(name)
    if not isinstance(found, str):
        raise InvalidRequest(f"{name} is missing, or no text")
    return found
