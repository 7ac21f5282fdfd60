"""Outlook's messages ([MS-OXMSG]), through python-oxmsg: read as mail in a file is. Attachments are named, not read."""

from collections.abc import Iterator
from contextlib import suppress
from email.utils import format_datetime
from pathlib import Path

from oxmsg import Message

from lethe.adapters.parsing.readers.mail import below
from lethe.adapters.parsing.readers.plain import plain_elements
from lethe.adapters.parsing.readers.texts import parse_html
from lethe.ports.parsing import Element, ElementKind, ParsedDocument


def read_msg(path: Path) -> ParsedDocument:
    """The headers that people read, a block each, then the body; the subject is the title."""
    message = Message.load(path.read_bytes())
    subject = " ".join((message.subject or "").split())
    elements = [Element(ElementKind.TITLE, subject, 1)] if subject else []
    elements.extend(Element(ElementKind.TEXT, line) for line in _headers(message))
    return ParsedDocument((*elements, *below(_body(message))), subject)


def _headers(message: Message) -> Iterator[str]:
    if message.sender:
        yield f"From: {' '.join(message.sender.split())}"
    people = [_person(recipient.name, recipient.email_address) for recipient in message.recipients]
    if people:
        yield f"To: {', '.join(people)}"
    if message.sent_date is not None:
        yield f"Date: {format_datetime(message.sent_date)}"
    names = [attachment.file_name or "unnamed" for attachment in message.attachments]
    if names:
        yield f"Attachments (not read): {', '.join(names)}"


def _person(name: str, address: str) -> str:
    return f"{name} <{address}>" if name and name != address else address


def _body(message: Message) -> tuple[Element, ...]:
    with suppress(UnicodeDecodeError, LookupError):  # a body in another encoding than the message names
        if markup := message.html_body:
            return parse_html(markup).elements
    return tuple(plain_elements(message.body or ""))
