"""Golden questions are worth what their expected spans are: each must stand in the text of the document it names."""

import csv
import email
import email.policy
import html
import json
import re
from functools import cache
from pathlib import Path
from typing import TypedDict

import docx
import pypdfium2
import pytest
from docx.table import Table

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "samples"
DOCUMENTS = sorted(path.name for path in SAMPLES.iterdir() if path.name != "README.md")


class Question(TypedDict):
    id: str
    question: str
    document: str | None
    expected: list[str]
    answerable: bool


QUESTIONS: list[Question] = json.loads((ROOT / "tests/e2e/golden_questions.json").read_text(encoding="utf-8"))
ANSWERABLE = [question for question in QUESTIONS if question["answerable"]]


def _csv(path: Path) -> str:
    with path.open(encoding="utf-8", newline="") as file:
        return "\n".join(" | ".join(row) for row in csv.reader(file))


def _html(path: Path) -> str:
    text = re.sub(r"(?s)<(script|style|title)\b.*?</\1>", " ", path.read_text(encoding="utf-8"))
    return html.unescape(re.sub(r"<[^>]+>", " ", text))


def _eml(path: Path) -> str:
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    body = message.get_body(preferencelist=("plain",))
    assert body is not None
    return f"{message['subject']}\n{body.get_content()}"


def _docx(path: Path) -> str:
    lines: list[str] = []
    for block in docx.Document(str(path)).iter_inner_content():
        if isinstance(block, Table):
            lines += [" | ".join(cell.text for cell in row.cells) for row in block.rows]
        else:
            lines.append(block.text)
    return "\n".join(lines)


def _pages(path: Path) -> list[str]:
    with pypdfium2.PdfDocument(path) as pdf:
        return [page.get_textpage().get_text_bounded() for page in pdf]


def _pdf(path: Path) -> str:
    # PDFium writes a hyphen at a line's end as U+0002 and leaves the line break out.
    return "\n".join(_pages(path)).replace("\x02", "")


READERS = {".csv": _csv, ".html": _html, ".eml": _eml, ".docx": _docx, ".pdf": _pdf}


@cache
def text_of(name: str) -> str:
    """The text of one sample with single spaces, nothing else cleaned."""
    path = SAMPLES / name
    reader = READERS.get(path.suffix)
    return " ".join((reader(path) if reader else path.read_text(encoding="utf-8")).split())


def test_the_corpus_is_large_and_varied_enough() -> None:
    assert len(DOCUMENTS) >= 28
    assert len({Path(name).suffix for name in DOCUMENTS}) >= 7
    assert sum(path.stat().st_size for path in SAMPLES.iterdir()) < 1_500_000


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_document_has_its_text_and_a_question(name: str) -> None:
    path = SAMPLES / name
    if path.suffix == ".csv":
        assert 10 <= len(path.read_text(encoding="utf-8").splitlines()) - 1 <= 60
    else:
        assert 150 <= len(text_of(name).split()) <= 1500
    assert any(question["document"] == name for question in ANSWERABLE)


@pytest.mark.parametrize("question", ANSWERABLE, ids=lambda question: question["id"])
def test_every_expected_span_stands_in_the_document_named(question: Question) -> None:
    assert question["document"] is not None
    text = text_of(question["document"])
    assert question["expected"]
    assert [span for span in question["expected"] if span not in text] == []


def test_questions_are_enough_and_their_ids_unique() -> None:
    unanswerable = [question for question in QUESTIONS if not question["answerable"]]
    assert len(QUESTIONS) >= 48
    assert len(unanswerable) >= 10
    assert all(question["document"] is None and not question["expected"] for question in unanswerable)
    assert len({question["id"] for question in QUESTIONS}) == len(QUESTIONS)
    assert all(1 <= len(question["question"]) <= 1000 for question in QUESTIONS)


def test_pdfs_keep_what_makes_them_hard() -> None:
    long = {name: _pages(SAMPLES / name) for name in DOCUMENTS if name.endswith(".pdf")}
    repeated = [pages for pages in long.values() if len(pages) >= 2]
    assert len(repeated) >= 2
    for pages in repeated:
        assert len({page.splitlines()[0] for page in pages}) == 1  # the running header
        assert all(page.splitlines()[-1].startswith(f"Page {number} of ") for number, page in enumerate(pages, 1))
    assert sum("".join(pages).count("\x02") for pages in long.values()) >= 10
