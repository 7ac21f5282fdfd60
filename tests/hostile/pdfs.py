"""PDFs written out by hand: page trees without end, streams that inflate, actions, keys."""

import zlib
from collections.abc import Iterator
from random import Random

from tests.hostile.cases import INGESTED, Make
from tests.hostile.office import WORDS

_FONT = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"


def assembled(objects: list[bytes], trailer: bytes = b"") -> bytes:
    """A file of these objects, numbered from 1, the first of which is the catalogue."""
    body = bytearray(b"%PDF-1.7\n")
    places: list[int] = []
    for number, content in enumerate(objects, start=1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    start = len(body)
    body += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    body += b"".join(b"%010d 00000 n \n" % place for place in places)
    body += b"trailer\n<< /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, trailer, start)
    return bytes(body)


def stream(data: bytes, *filters: str) -> bytes:
    names = " ".join(f"/{name}" for name in filters).encode()
    return b"<< /Length %d /Filter [%s] >>\nstream\n%s\nendstream" % (len(data), names, data)


def shown(text: str) -> bytes:
    """The content of a page that shows a line."""
    return b"BT /F1 12 Tf 72 700 Td (%s) Tj ET" % text.encode("latin-1")


def page(parent: int, content: int, font: int) -> bytes:
    return (
        b"<< /Type /Page /Parent %d 0 R /MediaBox [0 0 612 792] /Contents %d 0 R "
        b"/Resources << /Font << /F1 %d 0 R >> >> >>" % (parent, content, font)
    )


def pdf(text: str, catalogue: bytes = b"", *more: bytes, content: bytes = b"", trailer: bytes = b"") -> bytes:
    """One page. ``catalogue`` goes into the root; ``more`` objects have the numbers from 6."""
    return assembled(
        [
            b"<< /Type /Catalog /Pages 2 0 R %s >>" % catalogue,
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            page(2, 4, 5),
            content or stream(shown(text)),
            _FONT,
            *more,
        ],
        trailer,
    )


def _tree(kids: bytes, count: int, *more: bytes) -> bytes:
    """A catalogue whose page tree is given; object 3 is a whole page, 4 its content, 5 its font."""
    root = b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, count)
    return assembled([b"<< /Type /Catalog /Pages 2 0 R >>", root, page(2, 4, 5), stream(shown(WORDS)), _FONT, *more])


def _pages(_: Random) -> Iterator[Make]:
    """More pages than a reader has time for."""
    yield "6000-times-one-page.pdf", _tree(b"3 0 R " * 6_000, 6_000), "document_too_large"
    yield "claims-2-billion.pdf", _tree(b"3 0 R", 2_147_483_647), INGESTED
    own = [page(2, 4, 5)] * 5_500
    kids = b" ".join(b"%d 0 R" % number for number in range(6, 5_506))
    yield "5500-pages.pdf", _tree(kids, 5_500, *own), "document_too_large"
    yield "claims-minus-one.pdf", _tree(b"3 0 R", -1), INGESTED


def _trees(_: Random) -> Iterator[Make]:
    """Page trees that go deep, or in a circle."""
    levels = 20_000
    nodes = [
        b"<< /Type /Pages /Parent %d 0 R /Kids [%d 0 R] /Count 1 >>" % (max(2, number - 1), number + 1)
        for number in range(6, 6 + levels)
    ]
    yield "deep.pdf", _tree(b"6 0 R", 1, *nodes, page(5 + levels, 4, 5)), "corrupt_document"
    yield "own-parent.pdf", _tree(b"2 0 R", 1), "corrupt_document"
    circle = [b"<< /Type /Pages /Parent 2 0 R /Kids [2 0 R 6 0 R] /Count 4 >>"]
    yield "circle.pdf", _tree(b"6 0 R 6 0 R", 4, *circle), "corrupt_document"


def _streams(_: Random) -> Iterator[Make]:
    """Content that inflates a millionfold, or that shows a million words."""
    spaces = zlib.compress(b" " * (128 << 20), 1)
    yield "inflates.pdf", pdf("", content=stream(spaces, "FlateDecode")), "no_text"
    twice = zlib.compress(zlib.compress(b"\n" * (128 << 20)))
    yield "inflates-twice.pdf", pdf("", content=stream(twice, "FlateDecode", "FlateDecode")), "no_text"
    chain = stream(zlib.compress(shown(WORDS)), *["FlateDecode"] * 2_000)
    yield "2000-filters.pdf", pdf("", content=chain), "no_text"


def _loops(_: Random) -> Iterator[Make]:
    """References that lead to themselves."""
    yield "content-is-itself.pdf", pdf("", content=b"4 0 R"), "no_text"
    form = (
        b"<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X 6 0 R >> >> /Length 5 >>\n"
        b"stream\n/X Do\nendstream"
    )
    yield "form-in-itself.pdf", pdf(WORDS, b"", form), INGESTED
    outline = b"<< /Title (x) /Parent 6 0 R /First 6 0 R /Last 6 0 R /Next 6 0 R /Count 9 >>"
    yield "outline-in-itself.pdf", pdf(WORDS, b"/Outlines 6 0 R", outline), INGESTED


def _actions(_: Random) -> Iterator[Make]:
    """What a viewer would run; a reader of text runs nothing."""
    script = b"/OpenAction << /S /JavaScript /JS (app.launchURL\\('http://example.com'\\)) >>"
    yield "javascript.pdf", pdf(WORDS, script), INGESTED
    yield "launch.pdf", pdf(WORDS, b"/OpenAction << /S /Launch /F (cmd.exe) >>"), INGESTED
    file = b"<< /Type /Filespec /F (../../x.exe) /EF << /F 7 0 R >> >>"
    yield (
        "attached.pdf",
        pdf(WORDS, b"/Names << /EmbeddedFiles << /Names [(x) 6 0 R] >> >>", file, stream(b"MZ")),
        INGESTED,
    )


def _locked(random: Random) -> Iterator[Make]:
    """Keys that nobody gave us."""
    for name, revision in (("rc4.pdf", b"/V 2 /R 3 /Length 128"), ("aes.pdf", b"/V 4 /R 4 /Length 128")):
        keys = b"<< /Filter /Standard %s /P -44 /O <%s> /U <%s> >>" % (
            revision,
            random.randbytes(32).hex().encode(),
            random.randbytes(32).hex().encode(),
        )
        trailer = b"/Encrypt 6 0 R /ID [<00> <00>]"
        yield name, pdf(WORDS, b"", keys, trailer=trailer), "encrypted_document"
    unknown = b"<< /Filter /Nobody.Knows /V 99 >>"
    yield "unknown.pdf", pdf(WORDS, b"", unknown, trailer=b"/Encrypt 6 0 R /ID [<00> <00>]"), "encrypted_document"


CLASSES = {
    "page bomb": _pages,
    "page tree without end": _trees,
    "pdf, inflating streams": _streams,
    "pdf, circular references": _loops,
    "pdf, actions": _actions,
    "pdf, locked": _locked,
}
