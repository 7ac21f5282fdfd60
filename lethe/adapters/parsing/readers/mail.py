"""Mail as stored in a file (RFC 5322). Attachments are named, not read."""

from collections.abc import Iterable
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Final

from lethe.adapters.parsing.readers.decoding import decode
from lethe.adapters.parsing.readers.plain import plain_elements
from lethe.adapters.parsing.readers.texts import parse_html
from lethe.ports.parsing import Element, ElementKind, ParsedDocument

_HEADERS: Final = ("From", "To", "Cc", "Date")


def read_mail(path: Path) -> ParsedDocument:
    """The headers that people read, a block each, then the body; the subject is the title."""
    message = message_from_bytes(path.read_bytes(), _class=EmailMessage, policy=policy.default)
    subject = " ".join(str(message.get("Subject", "")).split())
    lines = [f"{name}: {' '.join(str(value).split())}" for name in _HEADERS for value in message.get_all(name, [])]
    names = [part.get_filename() or part.get_content_type() for part in message.iter_attachments()]
    if names:
        lines.append(f"Attachments (not read): {', '.join(names)}")
    elements = [Element(ElementKind.TITLE, subject, 1)] if subject else []
    elements.extend(Element(ElementKind.TEXT, line) for line in lines)
    return ParsedDocument((*elements, *below(_body(message))), subject)


def _body(message: EmailMessage) -> Iterable[Element]:
    part = message.get_body(preferencelist=("html", "plain"))
    if part is None:
        return ()
    payload = part.get_payload(decode=True)
    data = payload if isinstance(payload, bytes) else str(part.get_payload()).encode(errors="replace")
    text = decode(data, str(part.get_content_charset() or ""))
    return parse_html(text).elements if part.get_content_type() == "text/html" else plain_elements(text)


def below(elements: Iterable[Element]) -> Iterable[Element]:
    """Titles inside the body stand below the subject."""
    for element in elements:
        level = element.level + 1 if element.kind is ElementKind.TITLE else 0
        yield Element(element.kind, element.text, level, element.page)
