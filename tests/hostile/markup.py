"""Mark-up nested without end, or written to make a reader try every way to read it."""

import json
from collections.abc import Iterator
from random import Random

from tests.hostile.cases import INGESTED, Make
from tests.hostile.office import WORDS

_UNSAFE = "unsafe_document"


def _page(body: str) -> bytes:
    return f"<!doctype html><html><body><p>{WORDS}</p>{body}</body></html>".encode()


def _deep_html(_: Random) -> Iterator[Make]:
    """Deeper than the reader of HTML goes: what follows would be lost without a word."""
    for tag, depth in (("div", 100_000), ("table><tr><td", 3_000), ("ul><li", 20_000), ("b", 50_000)):
        yield f"{depth}.html", _page(f"<{tag}>" * depth + "x"), _UNSAFE
    yield "deep-enough.html", _page("<blockquote>" * 200 + "x"), INGESTED


def _wide_html(_: Random) -> Iterator[Make]:
    span = "<table><tr>" + '<td colspan="2147483647" rowspan="2147483647">x</td>' * 20 + "</tr></table>"
    yield "spans.html", _page(span), INGESTED
    yield "attributes.html", _page("<p " + " ".join(f"a{n}=1" for n in range(8_000)) + ">x</p>"), INGESTED
    yield "entities.html", _page("&#x110000;&#0;&#xFFFFFFFFFF;&amp;" * 5_000), INGESTED
    yield "comments.html", _page("<!--" * 50_000), INGESTED
    yield "hidden.html", _page('<p style="' + "display:" * 50_000 + 'none">x</p>'), INGESTED


def _xxe_html(_: Random) -> Iterator[Make]:
    """HTML has no entities of its own: what a page declares is text or nothing."""
    for name, entity in (
        ("file", 'SYSTEM "file:///etc/passwd"'),
        ("host", 'SYSTEM "http://127.0.0.1:9/"'),
        ("own", '"x"'),
    ):
        page = f"<!DOCTYPE html [<!ENTITY e {entity}>]><html><body><p>{WORDS} &e;</p></body></html>"
        yield f"{name}.html", page.encode(), INGESTED


def _deep_data(_: Random) -> Iterator[Make]:
    yield "lists.json", b"[" * 200_000, _UNSAFE
    yield "objects.json", b'{"a":' * 5_000 + b"1" + b"}" * 5_000, _UNSAFE
    yield "closed.json", b"[" * 990 + b'"word"' + b"]" * 990, _UNSAFE
    yield "digits.json", b'{"a": ' + b"9" * 1_000_000 + b"}", INGESTED
    yield "keys.json", json.dumps({"k" * n: n for n in range(1, 1_500)}).encode(), INGESTED
    yield "same-key.json", b'{"a": "word"' + b', "a": 1' * 100_000 + b"}", INGESTED


def _deep_rst(_: Random) -> Iterator[Make]:
    quotes = "".join(" " * depth + "word\n\n" for depth in range(600))
    yield "quotes.rst", quotes.encode(), _UNSAFE
    yield "bullets.rst", "".join("  " * depth + "- word\n\n" for depth in range(400)).encode(), _UNSAFE
    marks = b"``" * 2_000 + b"`" * 2_000 + b"*" * 2_000 + b"|" * 2_000 + b" word\n"
    yield "marks.rst", marks, INGESTED
    sly = ".. include:: /etc/passwd\n\n.. raw:: html\n   :file: /etc/passwd\n\n.. csv-table::\n   :url: http://127.0.0.1:9/\n"
    yield "includes.rst", f"{WORDS}\n\n{sly}".encode(), INGESTED
    laughs = "".join(f".. |a{n}| replace:: {f'|a{n - 1}| ' * 10}\n" for n in range(1, 8))
    yield "laughs.rst", f"{WORDS} |a7|\n\n.. |a0| replace:: ha\n{laughs}".encode(), INGESTED


def _deep_markdown(_: Random) -> Iterator[Make]:
    quotes = ">" * 300 + " word\n\n" + WORDS
    yield "quotes.md", quotes.encode(), "no_text"
    yield "brackets.md", b"[" * 20_000 + b"a" + b"](b)" * 8_000, "parser_crashed"
    yield "stars.md", (b"**a *b " * 300) + WORDS.encode(), INGESTED
    yield "lists.md", "".join("    " * depth + "- word\n" for depth in range(60)).encode(), INGESTED


def _rich(_: Random) -> Iterator[Make]:
    yield "groups.rtf", rb"{\rtf1 " + b"{" * 200_000 + b"x", _UNSAFE
    yield "binary.rtf", rb"{\rtf1 word\par \bin2147483647 x}", "corrupt_document"
    yield "object.rtf", rb"{\rtf1 word {\object\objocx{\*\objdata " + b"d0cf11e0" * 100_000 + b"}}}", INGESTED
    yield "skips.rtf", rb"{\rtf1\uc2147483647 word \u65?" + b"a" * 1_000 + b" more words}", INGESTED
    yield "closes.rtf", rb"{\rtf1 word}" + b"}" * 100_000, INGESTED


CLASSES = {
    "deep html": _deep_html,
    "wide html": _wide_html,
    "entities in html": _xxe_html,
    "deep json": _deep_data,
    "deep rst": _deep_rst,
    "deep markdown": _deep_markdown,
    "rtf, deep and lying": _rich,
}
