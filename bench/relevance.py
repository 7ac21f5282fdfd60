"""nDCG@10 of hybrid search by alpha, on a judged test set: the configured model and a private Weaviate, as shipped.

    python -m bench.relevance FOLDER...

A folder holds `corpus.jsonl` ({_id, title, text}), `queries.jsonl` ({_id, text}) and `qrels/test.tsv`. A text beyond
the model's limit is cut. Graded gain is the score itself; queries without a judged document are left out.
"""

import asyncio
import json
import math
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from cli.stack.weaviate import ensure_binary
from lethe.adapters.embedding.choice import open_embedder
from lethe.adapters.weaviate import WeaviateIndex
from lethe.model.ids import Id, chunk_id, new_id
from lethe.model.indexes import BuildKind, BuildState, IndexBuild, collection_name
from lethe.model.terms import index_terms, query_terms
from lethe.ports.embedding import Embedder, InputKind
from lethe.ports.vectors import HybridQuery, IndexObject
from lethe.settings import Settings
from tests.servers.weaviate import running_weaviate

ALPHAS = (0.0, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0)


@dataclass(frozen=True)
class TestSet:
    """Texts by document id, questions by query id, and for each question the score of each judged document."""

    documents: dict[str, str]
    questions: dict[str, str]
    judged: dict[str, dict[str, int]]
    titles: dict[str, str] = field(default_factory=dict[str, str])
    """Of the documents that have one; their texts begin with it."""


def read(folder: Path) -> TestSet:
    judged: dict[str, dict[str, int]] = {}
    for line in (folder / "qrels" / "test.tsv").read_text().splitlines()[1:]:
        question, document, score = line.split("\t")
        if int(score) > 0:
            judged.setdefault(question, {})[document] = int(score)
    documents = [json.loads(line) for line in (folder / "corpus.jsonl").read_text().splitlines()]
    questions = [json.loads(line) for line in (folder / "queries.jsonl").read_text().splitlines()]
    return TestSet(
        documents={row["_id"]: f"{row['title']} {row['text']}".strip() for row in documents},
        questions={row["_id"]: row["text"] for row in questions if row["_id"] in judged},
        judged=judged,
        titles={row["_id"]: row["title"] for row in documents if row["title"]},
    )


def ndcg(ranked: list[str], scores: dict[str, int], depth: int = 10) -> float:
    """Järvelin and Kekäläinen 2002, with linear gain."""
    gain = sum(scores.get(found, 0) / math.log2(place + 2) for place, found in enumerate(ranked[:depth]))
    ideal = sorted(scores.values(), reverse=True)[:depth]
    return gain / sum(score / math.log2(place + 2) for place, score in enumerate(ideal))


def fitting(embedder: Embedder, text: str) -> str:
    """As much of the text as the model takes."""
    tokens = embedder.tokenizer.offsets(text)[: embedder.tokenizer.max_tokens]
    return text[: tokens[-1][1]] if tokens else text


async def measure(folder: Path, embedder: Embedder, index: WeaviateIndex) -> None:
    data = read(folder)
    tenant, version = new_id(), new_id()
    spec = embedder.spec
    build = IndexBuild(
        tenant,
        new_id(),
        BuildKind.VECTOR,
        spec.key,
        1,
        collection_name(spec.key),
        BuildState.ACTIVE,
        0,
        datetime.now(UTC),
    )
    await index.create_build(build, spec.dims)
    started = time.perf_counter()
    vectors = await embedder.embed([fitting(embedder, text) for text in data.documents.values()], InputKind.DOCUMENT)
    embedding = time.perf_counter() - started
    names: dict[Id, str] = {}
    objects: list[IndexObject] = []
    for ordinal, (name, text) in enumerate(data.documents.items()):
        names[chunk_id(version, ordinal)] = name
        terms = index_terms(text, "en")
        objects.append(
            IndexObject(chunk_id(version, ordinal), version, version, ordinal, terms, (tenant,), (), vectors[ordinal])
        )
    started = time.perf_counter()
    await index.upsert(build, objects)
    writing = time.perf_counter() - started
    print(f"{folder.name}: {len(objects)} documents, {len(data.questions)} questions")
    print(f"embedded {len(objects) / embedding:.1f}/s, written {len(objects) / writing:.0f}/s")
    asked = await embedder.embed(list(data.questions.values()), InputKind.QUERY)
    for alpha in ALPHAS:
        scores: list[float] = []
        took: list[float] = []
        for (name, text), vector in zip(data.questions.items(), asked, strict=True):
            query = HybridQuery(query_terms(text, ["en"]), vector, alpha, 50, frozenset({tenant}))
            started = time.perf_counter()
            hits = await index.search(build, query)
            took.append((time.perf_counter() - started) * 1000)
            scores.append(ndcg([names[hit.chunk_id] for hit in hits], data.judged[name]))
        print(f"alpha {alpha:.1f}  nDCG@10 {np.mean(scores):.4f}  p50 {np.median(took):.1f} ms")


async def run(folders: list[Path]) -> None:
    with running_weaviate(ensure_binary(Settings().cache, print)) as weaviate:
        settings = Settings(weaviate=weaviate)
        index = WeaviateIndex.from_settings(settings)
        async with open_embedder(settings) as embedder:
            for folder in folders:
                await measure(folder, embedder, index)
        await index.close()


if __name__ == "__main__":
    asyncio.run(run([Path(argument) for argument in sys.argv[1:]]))
