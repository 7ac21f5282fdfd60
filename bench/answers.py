"""How well extractive answers answer: real parser, model, ledger and Weaviate, in one process, without Temporal.

    python -m bench.answers golden            the samples and tests/e2e/golden_questions.json
    python -m bench.answers xquad <folder>    a folder with corpus.jsonl, queries.jsonl, qrels/test.tsv (BEIR form)

Prints one JSON line. xquad asks each question three times: as it is; without its paragraph ("hard"); without its whole
article ("easy"). What is taken away is not readable to the caller, so the rights gate is at work too.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from bench.corpora import ROOT
from cli.stack.weaviate import ensure_binary
from lethe.adapters.parsing import LimitedParser
from lethe.adapters.stores import open_stores
from lethe.adapters.tokens import InProcessTokens
from lethe.answering.calibration import REVISION
from lethe.answering.deps import Answering
from lethe.answering.request import AnswerRequest
from lethe.answering.steps import ask, finish, generate, retrieve
from lethe.answering.views import AnswerView, present
from lethe.contracts.answering import QuestionRef
from lethe.contracts.ingestion import EmbedBatch, VersionRef
from lethe.ingestion.chunking import chunk_plan, pipeline_revision
from lethe.ingestion.removal import VersionRemover
from lethe.ingestion.requests import UploadRequest
from lethe.ingestion.steps import embedding, publishing, reading
from lethe.ingestion.steps.pipeline import Pipeline
from lethe.ingestion.uploads import Uploads
from lethe.model.answers import AnswerMode
from lethe.model.ids import Id, new_id
from lethe.model.principals import Caller, Role
from lethe.retrieval.ladder import KeywordRung
from lethe.retrieval.questions import guard_question
from lethe.retrieval.search import Search
from lethe.settings import Settings, WeaviateSettings
from tests.servers.weaviate import running_weaviate
from workers.bootstrap import bootstrap

XQUAD_EVERY = 6


@dataclass(frozen=True, slots=True)
class Bench:
    """An installation without its workflows."""

    settings: Settings
    uploads: Uploads
    pipeline: Pipeline
    answering: Answering
    caller: Caller

    async def ingest(self, data: bytes, name: str, readers: Sequence[Id]) -> None:
        """All steps of one document, in order."""
        request = UploadRequest(source_uri=f"bench:///{name}", filename=name, readers=tuple(readers))
        receipt = await self.uploads.receive(self.caller, request, _once(data))
        ref = VersionRef(tenant_id=self.caller.tenant_id, version_id=receipt.version_id)
        await reading.validate_document(self.pipeline, ref)
        await reading.parse_document(self.pipeline, ref)
        chunked = await reading.chunk_version(self.pipeline, ref)
        await embedding.embed_chunks(self.pipeline, EmbedBatch(version=ref, start=0, stop=chunked.chunks))
        await publishing.index_version(self.pipeline, ref)
        await publishing.verify_version(self.pipeline, ref)
        await publishing.switch_version(self.pipeline, ref)

    async def answer(self, text: str, readers: frozenset[Id]) -> AnswerView:
        """The three steps of a question, then the answer as its asker sees it."""
        caller = replace(self.caller, groups=readers)
        settings = self.settings.retrieval
        request = AnswerRequest(
            text=guard_question(text, self.settings.limits.question_characters),
            top_k=settings.top_k,
            alpha=settings.alpha,
        )
        question = await ask(self.answering, caller, request, self.answering.clock.now())
        ref = QuestionRef(tenant_id=question.tenant_id, question_id=question.id)
        await finish(self.answering, await generate(self.answering, await retrieve(self.answering, ref)))
        return await present(self.answering, caller, question.id)


@asynccontextmanager
async def opened(state: Path, weaviate: WeaviateSettings) -> AsyncGenerator[Bench]:
    """Fresh stores, migrated, with a tenant."""
    settings = Settings(_env_file=None, state=state, weaviate=weaviate)  # pyright: ignore[reportCallIssue]
    tenant_id = str((await bootstrap(settings))["tenant_id"])
    async with AsyncExitStack() as stack:
        stores = await stack.enter_async_context(open_stores(settings))
        ledger, keyring, index, blobs = stores.ledger, stores.keyring, stores.index, stores.blobs
        embedder, clock = stores.embedder, stores.clock
        parser = LimitedParser.from_settings(settings)
        stack.push_async_callback(parser.close)
        scratch = state / "scratch"
        scratch.mkdir(mode=0o700)
        yield Bench(
            settings=settings,
            uploads=Uploads(
                ledger=ledger,
                blobs=blobs,
                keyring=keyring,
                remover=VersionRemover(ledger, blobs, keyring, index, stores.keywords),
                clock=clock,
                revision=pipeline_revision(settings.chunks, embedder.tokenizer),
                max_bytes=settings.limits.document_bytes,
            ),
            pipeline=Pipeline(
                ledger=ledger,
                blobs=blobs,
                keyring=keyring,
                parser=parser,
                embedder=embedder,
                index=index,
                keywords=stores.keywords,
                clock=clock,
                chunking=chunk_plan(settings.chunks, embedder.tokenizer),
                limits=settings.limits,
                scratch=scratch,
            ),
            answering=Answering(
                ledger,
                keyring,
                Search(
                    ledger,
                    keyring,
                    index,
                    embedder,
                    settings.retrieval,
                    KeywordRung(ledger, stores.keywords),
                ),
                embedder,
                clock,
                InProcessTokens(),
            ),
            caller=Caller(tenant_id, new_id(), Role.ADMIN),
        )


async def golden(bench: Bench) -> dict[str, Any]:
    """Questions about the samples: half of the 109 helped to choose the floor, so both halves are reported."""
    for file in sorted((ROOT / "samples").iterdir()):
        await bench.ingest(file.read_bytes(), file.name, [bench.caller.tenant_id])
    questions = json.loads((ROOT / "tests" / "e2e" / "golden_questions.json").read_text())
    answerable = [one for one in questions if one["answerable"]]
    unanswerable = [one for one in questions if not one["answerable"]]
    timer = Timer()
    right: list[bool] = []
    for one in answerable:
        view = await timer.time(bench.answer(one["question"], frozenset()))
        quotes = _quotes(view, one["document"])
        right.append(any(_plain(span) in _plain(quote) for span in one["expected"] for quote in quotes))
    refused = [(await bench.answer(one["question"], frozenset())).mode is AnswerMode.NO_ANSWER for one in unanswerable]
    return {
        "answerable": len(right),
        "span_in_cited_sentence": _share(right),
        "unanswerable": len(refused),
        "no_answer": _share(refused),
        "tuned_half": [_share(right[0::2]), _share(refused[0::2])],
        "held_out_half": [_share(right[1::2]), _share(refused[1::2])],
        "wrong": [one["id"] for one, is_right in zip(answerable, right, strict=True) if not is_right]
        + [one["id"] for one, is_right in zip(unanswerable, refused, strict=True) if not is_right],
    } | timer.report()


async def xquad(bench: Bench, folder: Path) -> dict[str, Any]:
    """See the module. Every paragraph is readable to an id of its own."""
    paragraphs = _lines(folder / "corpus.jsonl")
    key_of = {one["_id"]: new_id() for one in paragraphs}
    title_of = {one["_id"]: one["title"] for one in paragraphs}
    for one in paragraphs:
        text = f"{one['title'].replace('_', ' ')}\n\n{one['text']}"
        await bench.ingest(text.encode(), f"{one['_id']}.txt", [key_of[one["_id"]]])
    rows = (line.split("\t") for line in (folder / "qrels" / "test.tsv").read_text().splitlines()[1:])
    paragraph_of = {row[0]: row[1] for row in rows}
    timer = Timer()
    right: list[bool] = []
    hard: list[bool] = []
    easy: list[bool] = []
    for one in _lines(folder / "queries.jsonl")[::XQUAD_EVERY]:
        source = paragraph_of[one["_id"]]
        view = await timer.time(bench.answer(one["text"], frozenset(key_of.values())))
        quotes = _quotes(view, f"{source}.txt")
        right.append(any(_plain(span) in _plain(quote) for span in one["answers"] for quote in quotes))
        without_paragraph = frozenset(key for name, key in key_of.items() if name != source)
        hard.append((await bench.answer(one["text"], without_paragraph)).mode is AnswerMode.NO_ANSWER)
        without_article = frozenset(key for name, key in key_of.items() if title_of[name] != title_of[source])
        easy.append((await bench.answer(one["text"], without_article)).mode is AnswerMode.NO_ANSWER)
    return {
        "questions": len(right),
        "span_in_cited_sentence": _share(right),
        "no_answer_without_paragraph": _share(hard),
        "no_answer_without_article": _share(easy),
    } | timer.report()


class Timer:
    """Wall times of whole questions, in milliseconds."""

    def __init__(self) -> None:
        self._times: list[float] = []

    async def time(self, answer: Any) -> AnswerView:
        started = time.perf_counter()
        view: AnswerView = await answer
        self._times.append((time.perf_counter() - started) * 1000)
        return view

    def report(self) -> dict[str, float]:
        return {"p50_ms": round(median(self._times), 1), "p95_ms": round(quantiles(self._times, n=20)[-1], 1)}


def _quotes(view: AnswerView, name: str) -> list[str]:
    return [quote for cited in view.citations if cited.source_uri.endswith(f"/{name}") for quote in cited.quotes]


def _plain(text: str) -> str:
    return " ".join(text.replace("*", "").split())


def _share(outcomes: Sequence[bool]) -> float:
    return round(sum(outcomes) / len(outcomes), 3)


def _lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data


async def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.answers")
    parser.add_argument("set", choices=["golden", "xquad"])
    parser.add_argument("folder", nargs="?", type=Path)
    arguments = parser.parse_args()
    if arguments.set == "xquad" and arguments.folder is None:
        parser.error("xquad needs a folder")
    binary = ensure_binary(Settings().cache, lambda line: print(line, file=sys.stderr))
    with running_weaviate(binary) as weaviate, tempfile.TemporaryDirectory() as folder:
        async with opened(Path(folder) / "state", weaviate) as bench:
            measured = await (golden(bench) if arguments.set == "golden" else xquad(bench, arguments.folder))
    print(json.dumps({"bench": "answers", "set": arguments.set, "revision": REVISION} | measured))


if __name__ == "__main__":
    asyncio.run(main())
