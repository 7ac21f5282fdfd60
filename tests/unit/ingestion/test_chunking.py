"""What the strategies make of ordinary documents."""

from itertools import pairwise

import pytest

from lethe.ingestion.chunking import ChunkSizes, chunk_document, chunk_plan, embedding_text, pipeline_revision
from lethe.ports.embedding import Tokenizer
from lethe.ports.parsing import Element, ElementKind
from lethe.settings import ChunkSettings, ChunkStrategy
from tests.unit.ingestion.cutting import Embedding, chunked, document_of, item, para, plan, table, title, words
from tests.unit.ingestion.words import Bytes, Words


async def test_main_sections_do_not_share_a_chunk() -> None:
    chunks = await chunked(
        title("Manual", 1),
        para(words(20)),
        title("Safety", 2),
        para(words(20, "safe")),
        title("Care", 2),
        para(words(20, "care")),
    )
    assert [chunk.section for chunk in chunks] == ["Manual", "Manual > Safety", "Manual > Care"]


async def test_tiny_sections_share_a_chunk_under_what_they_have_in_common() -> None:
    parts = [part for name in "ABC" for part in (title(f"Item {name}", 2), para("Three words here."))]
    (chunk,) = await chunked(title("List", 1), *parts, how=plan(target=200))
    assert chunk.section == "List"


async def test_a_title_goes_with_what_follows_it() -> None:
    chunks = await chunked(para(words(55) + "."), title("Next", 3), para(words(30)))
    assert [chunk.text.startswith("Next") for chunk in chunks] == [False, True]


async def test_long_text_overlaps_by_whole_sentences() -> None:
    sentences = [f"Sentence number {number} has exactly eight words here." for number in range(20)]
    chunks = await chunked(para(" ".join(sentences)))
    assert len(chunks) > 2
    for last, chunk in pairwise(chunks):
        assert chunk.start < last.end
        assert chunk.text.startswith("Sentence number")
        assert last.text.endswith("words here.")
        assert len(Words().offsets(last.text[chunk.start - last.start :])) <= 12


async def test_a_sentence_longer_than_a_chunk_is_cut_between_words() -> None:
    chunks = await chunked(para(words(200)))
    assert all(chunk.text.startswith("word") and chunk.text[-1].isdigit() for chunk in chunks)
    assert all(b.start < a.end for a, b in pairwise(chunks))


async def test_tables_are_cut_between_rows_and_wide_rows_between_cells() -> None:
    rows = [f"Article: A-{number}; Price: {number} euros; Stock: {number * 3} pieces" for number in range(30)]
    chunks = await chunked(Element(ElementKind.TABLE, "\n".join(rows)), how=plan(target=40))
    assert all(chunk.text.startswith("Article: ") and chunk.text.endswith(" pieces") for chunk in chunks)
    wide = "; ".join(f"Column {number}: value {number}" for number in range(40))
    assert all(
        chunk.text.startswith("Column")
        for chunk in await chunked(Element(ElementKind.TABLE, wide), how=plan(target=40))
    )


async def test_a_row_larger_than_a_chunk_says_whose_row_it_is() -> None:
    def row(name: str) -> str:
        return f"Article: {name}; " + "; ".join(f"Column {number}: value {number}" for number in range(30))

    chunks = await chunked(
        title("Stock", 1), table(f"{row('A-1')}\nArticle: A-2; Price: 3\n{row('A-3')}"), how=plan(target=40)
    )
    assert {chunk.section for chunk in chunks} == {"Stock", "Stock > Article: A-1", "Stock > Article: A-3"}
    for chunk in chunks:
        owner = "Stock" if "Article: " in chunk.text else f"Stock > {chunk.section.split(' > ')[1]}"
        assert chunk.section == owner
        assert len({name for name in ("A-1", "A-2", "A-3") if name in chunk.section + chunk.text}) == 1


@pytest.mark.parametrize("strategy", [ChunkStrategy.RECURSIVE, ChunkStrategy.FIXED])
async def test_windows_inside_a_row_say_so_too(strategy: ChunkStrategy) -> None:
    wide = "Article: A-1; " + "; ".join(f"Column {number}: value {number}" for number in range(40))
    first, *others = await chunked(table(wide), how=plan(strategy, target=40, characters=120))
    assert first.section == ""
    assert {chunk.section for chunk in others} == {"Article: A-1"}


@pytest.mark.parametrize(
    "block",
    [
        [table("\n".join(f"Name: part {number}; Price: {number}" for number in range(5)))],
        [item(f"Step {number} takes a while to do.") for number in range(5)],
    ],
)
async def test_a_table_or_list_that_fits_a_chunk_is_not_cut(block: list[Element]) -> None:
    chunks = await chunked(title("Care", 1), para(words(25) + "."), title("Parts", 2), *block, para(words(25)))
    (holding,) = [chunk for chunk in chunks if block[0].text.split("\n")[0] in chunk.text]
    assert "\n\n".join(element.text for element in block) in holding.text
    assert holding.text.startswith("Parts")


async def test_a_list_longer_than_a_chunk_fills_the_chunk_it_begins_in() -> None:
    chunks = await chunked(para(words(25) + "."), *[item(f"Step {number} takes a while.") for number in range(30)])
    assert "Step 0" in chunks[0].text


async def test_recursive_takes_the_widest_separator_that_will_do() -> None:
    paragraphs = [f"{words(6, f'P{number}w')}. {words(6, f'Q{number}w')}." for number in range(6)]
    chunks = await chunked(
        *[para(paragraph) for paragraph in paragraphs],
        how=plan(ChunkStrategy.RECURSIVE, target=200, characters=100, overlap_characters=0),
    )
    assert [chunk.text for chunk in chunks] == paragraphs
    chunks = await chunked(
        *[para(paragraph) for paragraph in paragraphs],
        how=plan(ChunkStrategy.RECURSIVE, target=200, characters=40, overlap_characters=0),
    )
    assert [chunk.text for chunk in chunks] == [
        sentence.strip() for paragraph in paragraphs for sentence in paragraph.replace(". ", ".|").split("|")
    ]


async def test_semantic_cuts_where_the_topic_turns() -> None:
    ferry = [f"The ferry crosses the strait with cars and crew number {number}." for number in range(6)]
    bread = [f"Knead the bread dough with flour and yeast batch {number}." for number in range(6)]
    chunks = await chunked(para(" ".join(ferry + bread)), how=plan(ChunkStrategy.SEMANTIC, target=220, percentile=95.0))
    assert [chunk.text for chunk in chunks] == [" ".join(ferry), " ".join(bread)]


async def test_semantic_asks_for_no_more_embeddings_than_set_and_for_none_otherwise() -> None:
    document = document_of(para(" ".join(f"Sentence {number} of a very long text." for number in range(500))))
    assert document is not None
    embedder = Embedding(Words())
    await chunk_document(document, embedder, plan(ChunkStrategy.SEMANTIC, max_sentences=40))
    assert 1 < len(embedder.fake.texts) <= 40
    for strategy in (ChunkStrategy.STRUCTURE, ChunkStrategy.RECURSIVE, ChunkStrategy.FIXED):
        embedder = Embedding(Words())
        await chunk_document(document, embedder, plan(strategy))
        assert embedder.fake.texts == []


async def test_fixed_windows_have_the_size_that_is_set() -> None:
    chunks = await chunked(para(words(300)), how=plan(ChunkStrategy.FIXED, target=50, overlap=10))
    assert {chunk.tokens for chunk in chunks[:-1]} == {50}
    assert all(len(Words().offsets(a.text[b.start - a.start :])) == 10 for a, b in pairwise(chunks))


async def test_pages_and_languages() -> None:
    english = "The buoy sends its readings once an hour to the portal, where everybody may look at them. " * 8
    german = "Die Boje sendet ihre Werte einmal in der Stunde an das Portal, wo alle sie ansehen dürfen. " * 8
    chunks = await chunked(para(english, 1), para(german, 2))
    assert {chunk.language for chunk in chunks} == {"en", "de"}
    assert (chunks[0].page, chunks[-1].page) == (1, 2)


def test_sizes_are_clamped_to_the_embedder() -> None:
    small, large = (chunk_plan(ChunkSettings(), Words(limit)).sizes for limit in (254, 8191))
    assert (small, large) == (ChunkSizes(222, 32), ChunkSizes(512, 50))


def test_recursive_is_bounded_by_what_the_embedder_takes() -> None:
    settings = ChunkSettings(strategy=ChunkStrategy.RECURSIVE)
    small, large = (chunk_plan(settings, Words(limit)) for limit in (254, 8191))
    assert (small.characters, small.overlap_characters) == (1_000, 200)
    assert (small.sizes.target, large.sizes.target) == (222, 8159)


def test_the_revision_says_strategy_and_effective_sizes() -> None:
    small, large = (pipeline_revision(ChunkSettings(), Words(limit)) for limit in (254, 8191))
    assert small.parser == large.parser
    assert small.chunker != large.chunker
    assert "222/32" in small.chunker
    assert pipeline_revision(ChunkSettings(), Bytes(254)) == small


def test_every_number_that_moves_a_cut_is_in_the_revision() -> None:
    def revision(**changed: object) -> str:
        return pipeline_revision(ChunkSettings.model_validate(changed), Words(8191)).chunker

    recursive: dict[str, object] = {"strategy": "recursive"}
    semantic: dict[str, object] = {"strategy": "semantic"}
    fixed: dict[str, object] = {"strategy": "fixed"}
    changes: list[dict[str, object]] = [
        {},
        {"target_tokens": 400},
        {"overlap_tokens": 10},
        recursive,
        {**recursive, "recursive_characters": 900},
        {**recursive, "recursive_overlap_characters": 90},
        semantic,
        {**semantic, "semantic_percentile": 90},
        {**semantic, "semantic_sentences": 100},
        fixed,
        {**fixed, "target_tokens": 400},
    ]
    assert len({revision(**change) for change in changes}) == len(changes)
    assert revision(semantic_percentile=90) == revision()


@pytest.mark.parametrize("tokenizer", [Words(60), Bytes(200)])
def test_what_is_embedded_fits_and_ends_with_the_text(tokenizer: Tokenizer) -> None:
    text = words(6)
    for section in ("", "Manual", "Manual > Safety", words(50, "very") + " > Part"):
        whole = embedding_text(section, text, tokenizer)
        assert whole.endswith(text)
        assert len(tokenizer.offsets(whole)) <= tokenizer.max_tokens
    assert embedding_text("Manual > Safety", text, tokenizer) == f"Manual > Safety\n{text}"
    assert embedding_text("", text, tokenizer) == text
    full = words(tokenizer.max_tokens)[: tokenizer.offsets(words(tokenizer.max_tokens))[tokenizer.max_tokens - 1][1]]
    assert embedding_text("Manual > Safety", full, tokenizer) == full
