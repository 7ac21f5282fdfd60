"""Text in encodings that fool, of shapes that choke; files under a wrong name; files cut short."""

import codecs
from collections.abc import Iterator
from random import Random

from tests.hostile.cases import INGESTED, Make
from tests.hostile.office import WORDS, book, deck, novel, packed, text, word
from tests.hostile.pdfs import pdf
from tests.integration.parsing.office import RTF
from tests.integration.parsing.ole import message_file

_PROSE = (WORDS + "\n\n") * 20


def _nuls(_: Random) -> Iterator[Make]:
    yield "nul-at-once.txt", b"\x00" + _PROSE.encode(), "unsupported_type"
    yield "nul-inside.md", _PROSE.encode().replace(b"buoy", b"bu\x00oy"), "unsupported_type"
    yield "nul-late.txt", _PROSE.encode() * 80 + b"\x00\x00 end", INGESTED
    yield "nul-late.csv", b"a,b,c\n" + b"1,2,3\n" * 20_000 + b"4,\x00,6\n", INGESTED


def _encodings(_: Random) -> Iterator[Make]:
    words = "Prüfung der Bojen über dem Wasser. "
    yield "utf-16-no-bom.txt", _PROSE.encode("utf-16-le"), "unsupported_type"
    yield "utf-32-no-bom.txt", _PROSE.encode("utf-32-be"), "unsupported_type"
    yield "utf-16-cut.txt", _PROSE.encode("utf-16")[:-1], INGESTED
    yield "utf-7.html", b"<html><body><p>+ADw-script+AD4-alert(1)+ADw-/script+AD4-</p></body></html>", INGESTED
    yield "latin-1.txt", (words * 40).encode("latin-1"), INGESTED
    yield "mixed.txt", (words * 40).encode() + (words * 40).encode("latin-1"), INGESTED
    yield "overlong.txt", _PROSE.encode() + b"\xc0\xae\xc0\xae\xc0\xaf\xe0\x80\xaf", INGESTED
    yield "surrogates.txt", _PROSE.encode() + b"\xed\xa0\x80\xed\xb0\x80", INGESTED
    yield (
        "unknown-charset.html",
        b'<meta charset="../../x"><html><body><p>%s</p></body></html>' % words.encode(),
        INGESTED,
    )
    yield "bom-alone.txt", codecs.BOM_UTF8, "no_text"
    yield "two-boms.txt", codecs.BOM_UTF8 * 2 + _PROSE.encode(), INGESTED


def _lines(random: Random) -> Iterator[Make]:
    """No place to break at."""
    yield "one-word.txt", b"a" * (4 << 20), INGESTED
    yield "one-line.md", WORDS.encode() * 20_000, INGESTED
    yield "one-line.rst", b"`" * 100_000 + WORDS.encode() * 2_000, INGESTED
    yield "one-line.html", b"<html><body><p>" + WORDS.encode() * 20_000 + b"</p></body></html>", INGESTED
    yield "only-ends.txt", b"\n" * (8 << 20), "no_text"
    yield "only-spaces.txt", b" " * (4 << 20) + b"a", INGESTED
    noise = "".join(random.choices("\u202e\u200b\u0301\ufeffa ", k=100_000))
    yield "invisible.txt", noise.encode(), INGESTED


def _suffixes(random: Random) -> Iterator[Make]:
    """A name of one type, bytes of another."""
    yield "program.pdf", b"MZ\x90\x00" + random.randbytes(2_000), "unsupported_type"
    yield "program.docx", b"\x7fELF\x02\x01\x01\x00" + bytes(100), "unsupported_type"
    yield "picture.txt", b"\x89PNG\r\n\x1a\n" + random.randbytes(500), "unsupported_type"
    yield "word.txt", packed(word()), INGESTED
    yield "page.csv", b"<!doctype html><html><body><p>" + WORDS.encode() + b"</p></body></html>", INGESTED
    yield "print.html", pdf(WORDS), INGESTED
    yield "data.docx", WORDS.encode(), INGESTED


def _names(_: Random) -> Iterator[Make]:
    """File names that would leave the folder, run a program or hide what they are."""
    for name in (
        "../../../../etc/passwd",
        "..\\..\\boot.ini",
        "invoice\u202etxt.exe",
        "-rf *.txt",
        "$(reboot).md",
        "a" * 240 + ".txt",
        "CON.txt",
        "<script>alert(1)</script>.html",
    ):
        yield name, WORDS.encode(), INGESTED


def _cut(_: Random) -> Iterator[Make]:
    """The first half of each format."""
    message = message_file("Audit", WORDS * 200, ("Ann", "ann@example.com"), (("Bo", "bo@example.com"),))
    for name, data, share in (
        ("cut.docx", packed(word()), 0.5),
        ("cut.xlsx", packed(book()), 0.5),
        ("cut.pptx", packed(deck()), 0.9),
        ("cut.odt", packed(text()), 0.99),
        ("cut.epub", packed(novel()), 0.5),
        ("cut.rtf", RTF, 0.5),
        ("cut.msg", message, 0.99),
        ("cut.json", b'{"a": [1, 2, 3], "b": "c"}', 0.5),
        ("cut.pdf", pdf(WORDS), 0.1),
    ):
        yield name, data[: int(len(data) * share)], "corrupt_document"
    yield "cut-late.pdf", pdf(WORDS)[:-60], "corrupt_document"
    yield "nothing.docx", b"", "empty_document"


CLASSES = {
    "NUL bytes": _nuls,
    "odd encodings": _encodings,
    "lines without end": _lines,
    "wrong extension": _suffixes,
    "hostile names": _names,
    "truncated": _cut,
}
