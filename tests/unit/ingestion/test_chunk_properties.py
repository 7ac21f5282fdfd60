"""What holds for any document, whatever the strategy: all of it, once more where it overlaps, in whole characters."""

import asyncio
import time
from itertools import pairwise

import pytest
import regex
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from lethe.ingestion.chunking import ChunkDraft, ChunkPlan, chunk_document
from lethe.ingestion.cleaning import CleanDocument
from lethe.ports.embedding import Tokenizer
from lethe.ports.parsing import Element, ElementKind
from lethe.settings import ChunkStrategy
from tests.unit.ingestion.cutting import Embedding, chunked, document_of, para, plan
from tests.unit.ingestion.words import Bytes, Words

alphabet = st.sampled_from(
    [*"ab cd. \n!;:-|0", "。", "é", "e\u0301", "👩\u200d🚀", "🇩🇪", "ß", "\u0915\u094d\u0937", "Z. "]
)
contents = st.one_of(
    st.lists(alphabet, max_size=120).map("".join),
    st.text(max_size=60),
    st.sampled_from(["x" * 400, "a b " * 60, "e\u0301" * 60, "Sku: 1; " + "Cell: a b c; " * 30]),
)
elements = st.builds(
    Element, st.sampled_from(ElementKind), contents, st.integers(1, 3), st.one_of(st.none(), st.integers(1, 4))
)
tokenizers = st.sampled_from([Words(), Bytes()])
plans = st.builds(
    plan,
    st.sampled_from(ChunkStrategy),
    st.integers(16, 60),
    st.integers(0, 8),
    characters=st.integers(20, 200),
    overlap_characters=st.integers(0, 10),
    percentile=st.sampled_from([50.0, 80.0, 100.0]),
    max_sentences=st.integers(2, 9),
)
every_strategy = pytest.mark.parametrize("strategy", ChunkStrategy)


def cut(document: CleanDocument, tokenizer: Tokenizer, how: ChunkPlan) -> tuple[ChunkDraft, ...]:
    return asyncio.run(chunk_document(document, Embedding(tokenizer), how))


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example(
    [
        Element(ElementKind.TITLE, "a b " * 59 + "a b", 1),
        Element(ElementKind.TEXT, "a"),
        Element(ElementKind.TEXT, "a"),
    ],
    Bytes(254),
    plan(ChunkStrategy.STRUCTURE, 16, 1),
)
@example(
    [
        Element(ElementKind.TITLE, "\u00a1\u00a1\U00010000", 1),
        Element(ElementKind.TITLE, "a b " * 60, 1),
        Element(ElementKind.TEXT, "0\u0800", 1),
        Element(ElementKind.TITLE, "0", 1),
    ],
    Bytes(254),
    plan(ChunkStrategy.SEMANTIC, 16, 0, percentile=50.0, max_sentences=2),
)
@given(st.lists(elements, min_size=1, max_size=6), tokenizers, plans)
def test_any_document(parts: list[Element], tokenizer: Tokenizer, how: ChunkPlan) -> None:
    document = document_of(*parts)
    if document is None:
        return
    text = document.text
    chunks = cut(document, tokenizer, how)
    assert chunks == cut(document, tokenizer, how)
    assert [chunk.ordinal for chunk in chunks] == list(range(len(chunks)))
    covered: set[int] = set()
    for chunk in chunks:
        assert chunk.text == text[chunk.start : chunk.end]
        assert chunk.text == chunk.text.strip() != ""
        assert chunk.tokens == len(tokenizer.offsets(chunk.text)) <= how.sizes.target
        chunk.text.encode()
        covered.update(range(chunk.start, chunk.end))
    assert {at for at, character in enumerate(text) if not character.isspace()} <= covered
    assert all(a.start < b.start and a.end < b.end for a, b in pairwise(chunks))
    if how.strategy is ChunkStrategy.RECURSIVE:
        assert all(len(chunk.text) <= how.characters for chunk in chunks)
        assert all(a.end - b.start <= how.overlap_characters for a, b in pairwise(chunks))
    elif how.strategy is ChunkStrategy.FIXED or isinstance(tokenizer, Words):
        assert all(_shared(a, b, tokenizer) <= how.sizes.overlap for a, b in pairwise(chunks))


def _shared(last: ChunkDraft, chunk: ChunkDraft, tokenizer: Tokenizer) -> int:
    """Tokens of what both have. Structure counts them sentence by sentence, without the spaces that Bytes counts."""
    return len(tokenizer.offsets(last.text[chunk.start - last.start :])) if chunk.start < last.end else 0


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "e\u0301",
                "👩\u200d🚀",
                "a",
                " ",
                "🇩🇪🇪🇸",
                "n\u0303\u0323",
                "\u0915\u093f",
                "\u0915\u094d\u0937",
                "\u1112\u1161\u11ab",
            ]
        ),
        max_size=200,
    ).map("".join),
    tokenizers,
    st.sampled_from(ChunkStrategy),
)
def test_no_character_is_parted_from_its_marks(content: str, tokenizer: Tokenizer, strategy: ChunkStrategy) -> None:
    document = document_of(Element(ElementKind.TEXT, "x" + content))
    assert document is not None
    borders = {0} | {found.end() for found in regex.finditer(r"\X", document.text)}
    for chunk in cut(document, tokenizer, plan(strategy, 24, 4, characters=40, overlap_characters=8)):
        assert {chunk.start, chunk.end} <= borders


@every_strategy
async def test_prose_overlaps(strategy: ChunkStrategy) -> None:
    sentences = [f"Sentence number {number} has exactly eight words here." for number in range(40)]
    chunks = await chunked(para(" ".join(sentences)), how=plan(strategy, percentile=100.0))
    assert len(chunks) > 3
    assert all(b.start < a.end for a, b in pairwise(chunks))


@every_strategy
async def test_without_overlap_nothing_is_said_twice(strategy: ChunkStrategy) -> None:
    sentences = [f"Sentence number {number} has exactly eight words here." for number in range(40)]
    chunks = await chunked(para(" ".join(sentences)), how=plan(strategy, overlap=0, overlap_characters=0))
    assert all(b.start >= a.end for a, b in pairwise(chunks))


@every_strategy
@pytest.mark.parametrize("kind", [ElementKind.TEXT, ElementKind.TABLE, ElementKind.CODE])
@pytest.mark.parametrize(
    "content", ["x" * 300_000, "ab " * 100_000, "e\u0301" * 100_000, "a; " * 100_000, "a.\n" * 50_000]
)
async def test_takes_no_longer_than_the_text_is_long(kind: ElementKind, content: str, strategy: ChunkStrategy) -> None:
    document = document_of(Element(kind, content))
    assert document is not None
    started = time.perf_counter()
    await chunk_document(document, Embedding(Words()), plan(strategy, 222, 32, characters=1000, overlap_characters=200))
    assert time.perf_counter() - started < 20
