"""One collection: ingested through the API, every question asked through it, and the embedder alone beside it."""

import html
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from bench.index import read_index
from bench.installation import Installation, running, say
from bench.quality import embedder
from bench.quality.measures import Quality, distinct, quality
from bench.relevance import TestSet
from lethe.ports.embedding import InputKind
from lethe.settings import MAX_RESULTS, Settings

PATIENCE = {"LETHE_RETRIEVAL__EMBED_SECONDS": "30", "LETHE_WEAVIATE__TIMEOUT_SECONDS": "30"}
"""What is found is measured here, not how fast: a busy machine must not look like a worse search."""
Mode = Mapping[str, object]
"""What a request says besides its question."""
MODES: Mapping[str, Mode] = {
    "bm25": {"alpha": 0.0, "rerank": False},
    "dense": {"alpha": 1.0, "rerank": False},
    "hybrid": {"rerank": False},
}
RERANKED: Mode = {}
"""As shipped, where the stack has a reranker configured."""


@dataclass(frozen=True, slots=True)
class Collection:
    """A test set that the installation has ingested: document ids as the API knows them, by the set's own names."""

    name: str
    data: TestSet
    installation: Installation

    def ask(self, mode: Mode) -> dict[str, list[str]]:
        """Every question through /v1/search: the documents of the passages found, best first."""
        return {name: self._search(mode, text) for name, text in self.data.questions.items()}

    def _search(self, mode: Mode, text: str) -> list[str]:
        wish = {"question": text, "top_k": MAX_RESULTS, **mode}
        answer = self.installation.api.post("/v1/search", json=wish).raise_for_status().json()
        if answer["is_degraded"]:
            raise RuntimeError(f"a search was degraded: {answer['degraded_reasons']}")
        return distinct(_name(item["source_uri"]) for item in answer["items"])

    def alone(self, settings: Settings, cache: Path) -> tuple[Quality, Quality]:
        """What the embedder ranks without an index: over whole documents, and over the chunks' vectors."""
        data = self.data
        asked = embedder.embed(list(data.questions.values()), InputKind.QUERY, settings, cache)
        whole = embedder.embed(list(data.documents.values()), InputKind.DOCUMENT, settings, cache)
        owners = {
            chunk["id"]: _name(document["source_uri"])
            for document in self.installation.documents()
            for chunk in self.installation.chunks(document["id"])
        }
        by_whole = embedder.by_whole_documents(data.questions, asked, list(data.documents), whole)
        by_chunks = embedder.by_chunks(data.questions, asked, read_index(self.installation), owners)
        return quality(by_whole, data.judged), quality(by_chunks, data.judged)


@contextmanager
def ingested(name: str, data: TestSet, extra: Mapping[str, str]) -> Generator[Collection]:
    """A fresh installation that holds the documents, each a file of its own whose title stands as one."""
    with running(is_free=False, extra={**PATIENCE, **extra}) as installation, tempfile.TemporaryDirectory() as folder:
        for document, text in data.documents.items():
            if text:
                (Path(folder) / f"{document}.html").write_text(_page(data.titles.get(document, ""), text))
        taken = installation.ingest(Path(folder))
        say(f"{name}: {taken.outcomes} in {taken.seconds:.0f} s")
        if taken.failures:
            raise RuntimeError(f"{name}: {taken.failures[:3]}")
        yield Collection(name, data, installation)


def _page(title: str, text: str) -> str:
    heading = f"<h1>{html.escape(title)}</h1>" if title else ""
    body = html.escape(text.removeprefix(title).strip())
    return f'<!doctype html><meta charset="utf-8">{heading}<p>{body}</p>'


def _name(source_uri: str) -> str:
    return PurePosixPath(source_uri).stem
