"""What the chunking tests share: an embedder with any tokenizer, plans, and a document made of elements."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from lethe.adapters.fakes.embedding import HashEmbedder
from lethe.errors import NoText
from lethe.ingestion.chunking import ChunkDraft, ChunkPlan, ChunkSizes, chunk_document
from lethe.ingestion.cleaning import CleanDocument, clean
from lethe.model.indexes import EmbeddingSpec
from lethe.model.processors import Origin
from lethe.ports.embedding import InputKind, Tokenizer, Vectors
from lethe.ports.parsing import Element, ElementKind, ParsedDocument
from lethe.settings import ChunkStrategy
from tests.unit.ingestion.words import Words


@dataclass
class Embedding:
    """The fake's vectors with a tokenizer of the test's choice."""

    tokenizer: Tokenizer
    fake: HashEmbedder = field(default_factory=HashEmbedder)

    @property
    def spec(self) -> EmbeddingSpec:
        return self.fake.spec

    async def warm_up(self) -> None:
        await self.fake.warm_up()

    async def embed(self, texts: Sequence[str], kind: InputKind, origin: Origin | None = None) -> Vectors:
        assert all(len(self.tokenizer.offsets(text)) <= self.tokenizer.max_tokens for text in texts)
        return await self.fake.embed(texts, kind)


def plan(
    strategy: ChunkStrategy = ChunkStrategy.STRUCTURE,
    target: int = 60,
    overlap: int = 12,
    *,
    characters: int = 300,
    overlap_characters: int = 60,
    percentile: float = 80.0,
    max_sentences: int = 50,
) -> ChunkPlan:
    return ChunkPlan(strategy, ChunkSizes(target, overlap), characters, overlap_characters, percentile, max_sentences)


def document_of(*parts: Element, title: str = "") -> CleanDocument | None:
    try:
        return clean(ParsedDocument(parts, title))
    except NoText:
        return None


async def chunked(
    *parts: Element, how: ChunkPlan | None = None, tokenizer: Tokenizer | None = None
) -> tuple[ChunkDraft, ...]:
    document = document_of(*parts)
    assert document is not None
    return await chunk_document(document, Embedding(tokenizer or Words()), how or plan())


def words(count: int, name: str = "word") -> str:
    return " ".join(f"{name}{number}" for number in range(count))


def para(content: str, page: int | None = None) -> Element:
    return Element(ElementKind.TEXT, content, page=page)


def title(content: str, level: int) -> Element:
    return Element(ElementKind.TITLE, content, level)


def item(content: str) -> Element:
    return Element(ElementKind.LIST_ITEM, content)


def table(content: str) -> Element:
    return Element(ElementKind.TABLE, content)
