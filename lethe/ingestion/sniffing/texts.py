"""Kinds of text, told apart by content; a hint decides where the content allows more than one."""

import codecs
import csv
import re
from typing import Final

from lethe.ingestion.sniffing.media import MediaType

_BOMS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROLS: Final = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_CONTROL_SHARE: Final = 100
"""At most one control character in a hundred: logs and old mail have a few, binaries have many."""
_HTML_START: Final = re.compile(
    r"\s*+(?>(<\?xml[^>]*\?>|<!--.*?-->)\s*+)*+<(!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL
)
_HTML_TAG: Final = re.compile(
    r"</?(p|div|span|a|h[1-6]|ul|ol|li|table|tr|td|br|b|i|em|strong|title|section)\b[^>]{0,1000}>", re.IGNORECASE
)
_HEADER_LINE: Final = re.compile(r"([!-9;-~]+):[ \t]?.*")
_MAIL_HEADERS: Final = frozenset({"from", "to", "subject", "date", "cc", "sender", "reply-to"})
_TRANSPORT_HEADERS: Final = frozenset(
    {"received", "message-id", "mime-version", "return-path", "delivered-to", "dkim-signature"}
)
_MARKDOWN_SIGNS: Final = (
    re.compile(r"^#{1,6} \S", re.MULTILINE),
    re.compile(r"^```", re.MULTILINE),
    re.compile(r"\[[^\]\n]{1,300}\]\([^)\n]{1,300}\)"),
    re.compile(r"^[-*] \S.*\n[-*] \S", re.MULTILINE),
    re.compile(r"\*\*[^*\n]+\*\*"),
    re.compile(r"^\|.+\|\s*\n\|[ :|-]+\|", re.MULTILINE),
)
_JSON_START: Final = re.compile(r"\s*+[\[{]")
_JSON_SIGN: Final = re.compile(r"""\s*+(?:\[\s*+)?\{\s*+(?:"[^"\n]{0,200}"\s*+:|\})""")
_RST_SIGNS: Final = (
    re.compile(r"^\.\. [\w-]{1,60}::", re.MULTILINE),
    re.compile(r"^\S.{0,200}\n([=\-~^\"'`#*+])\1{2,200}\s*$", re.MULTILINE),
)
_TABLE_LINES: Final = 50
_TABLE_ROWS: Final = 3
_TABLE_COLUMNS: Final = 3


def bom_encoding(data: bytes) -> str | None:
    """The encoding that a byte order mark tells, if there is one."""
    return next((encoding for bom, encoding in _BOMS if data.startswith(bom)), None)


def looks_like_text(head: bytes) -> bool:
    """Whether the first bytes of a file can be characters that people read."""
    text = _decode(head)
    return text is not None and len(_CONTROLS.findall(text)) * _CONTROL_SHARE <= len(text)


def text_type(head: bytes, hint: MediaType | None) -> MediaType:
    """One of the kinds of text. Mail and whole web pages show themselves; the rest needs the hint or signs."""
    text = _decode(head) or ""
    if _HTML_START.match(text):
        return MediaType.HTML
    if _is_mail(text, claimed=hint == MediaType.EML):
        return MediaType.EML
    if hint == MediaType.HTML:
        return MediaType.HTML if _HTML_TAG.search(text) else MediaType.PLAIN
    if hint == MediaType.JSON:
        return MediaType.JSON if _JSON_START.match(text) else MediaType.PLAIN
    return _by_signs(text) if hint is None or hint is MediaType.EML else hint


def _by_signs(text: str) -> MediaType:
    if _JSON_SIGN.match(text):
        return MediaType.JSON
    if _is_table(text):
        return MediaType.CSV
    if all(sign.search(text) for sign in _RST_SIGNS):
        return MediaType.RST
    return MediaType.MARKDOWN if sum(sign.search(text) is not None for sign in _MARKDOWN_SIGNS) > 1 else MediaType.PLAIN


def _decode(head: bytes) -> str | None:
    """The head as characters, the last of which may be cut; None if it is not text in any encoding we take."""
    encoding = bom_encoding(head)
    if encoding is None:
        return None if b"\x00" in head else head.decode("utf-8", errors="replace")
    try:
        return codecs.getincrementaldecoder(encoding)().decode(head)
    except UnicodeDecodeError:
        return None


def _is_mail(text: str, *, claimed: bool) -> bool:
    """Whether the text begins with mail headers (RFC 5322, 2.2); without a claim, with those that transport adds."""
    names: set[str] = set()
    for line in text.lstrip("\ufeff").splitlines():
        if not line:
            break
        if line[0] in " \t" and names:
            continue
        header = _HEADER_LINE.fullmatch(line)
        if header is None:
            return False
        names.add(header[1].lower())
    if claimed:
        return bool(names & (_MAIL_HEADERS | _TRANSPORT_HEADERS))
    return "from" in names and bool(names & _TRANSPORT_HEADERS)


def _is_table(text: str) -> bool:
    """Whether unlabelled text is a table: three columns or more, the same number on each of at least three lines."""
    lines = [line for line in text.splitlines() if line.strip()][:_TABLE_LINES]
    if len(lines) > _TABLE_ROWS:
        lines.pop()  # the head of a file may end inside a line
    for delimiter in ",;\t|":
        widths = {len(row) for row in csv.reader(lines, delimiter=delimiter)}
        if len(lines) >= _TABLE_ROWS and len(widths) == 1 and widths.pop() >= _TABLE_COLUMNS:
            return True
    return False
