"""Mail inside mail inside mail; Outlook's container bent into circles."""

import struct
from collections.abc import Iterator
from random import Random

from tests.hostile.cases import INGESTED, Make
from tests.hostile.office import WORDS
from tests.integration.parsing.ole import message_file

_HEAD = b"From: a@example.com\r\nTo: b@example.com\r\nSubject: Audit\r\nMIME-Version: 1.0\r\n"


def _deep(_: Random) -> Iterator[Make]:
    parts = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (depth, depth) for depth in range(2_000)
    )
    yield "multiparts.eml", _HEAD + parts + b"Content-Type: text/plain\r\n\r\n" + WORDS.encode(), "unsafe_document"
    yield "messages.eml", _HEAD + b"Content-Type: message/rfc822\r\n\r\n" * 2_000 + WORDS.encode(), "unsafe_document"
    same = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n" * 20_000 + WORDS.encode()
    yield "same-boundary.eml", _HEAD + same, INGESTED


def _wide(random: Random) -> Iterator[Make]:
    part = b"--b\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename=%d.txt\r\n\r\nx\r\n"
    parts = b"".join(part % number for number in range(1_000))
    body = b"--b\r\nContent-Type: text/plain\r\n\r\n" + WORDS.encode() + b"\r\n"
    yield (
        "attachments.eml",
        _HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + body + parts + b"--b--",
        INGESTED,
    )
    yield "headers.eml", _HEAD + b"X-A: 1\r\n" * 50_000 + b"\r\n" + WORDS.encode(), INGESTED
    addresses = b"To: " + b",\r\n ".join(b"a%d@example.com" % number for number in range(2_000))
    yield (
        "recipients.eml",
        b"From: a@example.com\r\n" + addresses + b"\r\nMessage-ID: <a@b>\r\n\r\n" + WORDS.encode(),
        INGESTED,
    )
    noise = random.randbytes(30_000).hex().encode()
    yield "broken-base64.eml", _HEAD + b"Content-Transfer-Encoding: base64\r\n\r\n" + noise, INGESTED


def _headers(_: Random) -> Iterator[Make]:
    """Header fields that a parser chokes on."""
    for name, line in (
        ("charset", b"Content-Type: text/plain; charset=../../x\r\n"),
        ("encoded", b"Subject: " + b"=?utf-8?q?=41?= " * 2_000 + b"\r\n"),
        ("injected", b"Subject: a\r\n .\r\n\tBcc: x@example.com\r\n"),
        ("date", b"Date: Tue, 99 Zzz 99999999999 99:99:99 +9999\r\n"),
    ):
        yield f"{name}.eml", _HEAD + line + b"\r\n" + WORDS.encode(), INGESTED
    deep = b"Cc: " + b"(" * 900 + b"\r\n"
    yield "parentheses.eml", _HEAD + deep + b"\r\n" + WORDS.encode(), "unsafe_document"


def _compound(_: Random) -> Iterator[Make]:
    """The tables of a compound file lead in circles, or out of the file. Sizes that only claim are not believed."""
    whole = message_file("Audit", WORDS * 200, ("Ann", "ann@example.com"), (("Bo", "bo@example.com"),))
    circle = bytearray(whole)
    table = 512 + struct.unpack_from("<I", whole, 76)[0] * 512
    for place in range(20):
        struct.pack_into("<I", circle, table + place * 4, place)
    yield "circle.msg", bytes(circle), INGESTED
    far = bytearray(whole)
    struct.pack_into("<I", far, 48, 0x00FFFFFF)
    yield "directory-outside.msg", bytes(far), "corrupt_document"
    many = bytearray(whole)
    struct.pack_into("<I", many, 44, 0x00FFFFFF)
    yield "claims-sectors.msg", bytes(many), INGESTED


CLASSES = {"mail in mail": _deep, "mail bomb": _wide, "mail headers": _headers, "msg, broken tables": _compound}
