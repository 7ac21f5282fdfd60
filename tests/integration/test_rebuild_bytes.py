"""Purge: what was deleted is in a store's files until its build is made anew, and in none of them after that."""

import asyncio
import secrets
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest

from lethe.adapters.fakes.embedding import DIMS, HashEmbedder
from lethe.adapters.keywords import SqliteKeywords, keywords_from_settings
from lethe.adapters.weaviate import WeaviateIndex
from lethe.model.indexes import BuildKind
from lethe.model.processors import Origin
from lethe.model.terms import index_terms
from lethe.ports.embedding import InputKind, Vectors
from lethe.settings import Settings
from tests.conftest import settings_at
from tests.servers.cluster import Cluster
from tests.servers.postgres import make_cluster
from tests.servers.weaviate import WeaviateServer
from tests.unit.indexing.migrating import over
from tests.unit.indexing.world import World

STAYS = "xylograph"


class RandomEmbedder(HashEmbedder):
    """Vectors whose bytes are those of no other text; ``made`` holds them by text."""

    def __init__(self) -> None:
        super().__init__()
        self.made: dict[str, Vectors] = {}

    async def embed(self, texts: Sequence[str], kind: InputKind, origin: Origin | None = None) -> Vectors:
        vectors = np.random.default_rng().normal(size=(len(texts), DIMS)).astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        self.made.update({text: vectors[row] for row, text in enumerate(texts)})
        return vectors


def canary() -> str:
    """A word that is nowhere else, as an index holds it: whole. FTS5 writes a term without the letters that it shares
    with the one before; no other word here begins with this letter.
    """
    return index_terms("q" + "".join(secrets.choice("bcdfghjklmnpqrstvwxz") for _ in range(15)), "en").split()[0]


def holding(folder: Path, needle: bytes) -> list[Path]:
    """The files that hold the bytes; one that goes while it is read holds none."""
    found: list[Path] = []
    for path in folder.rglob("*"):
        try:
            if path.is_file() and needle in path.read_bytes():
                found.append(path)
        except FileNotFoundError:
            continue
    return found


Opened = Callable[..., Awaitable[World]]


@pytest.fixture
async def opened() -> AsyncGenerator[Opened]:
    """Makes worlds, closed at the end."""
    async with AsyncExitStack() as stack:

        async def make(settings: Settings, **stores: Any) -> World:
            world = await World.open(settings, **stores)
            stack.push_async_callback(world.close)
            return world

        yield make


async def filled(world: World, word: str) -> None:
    """A document that says the word, deleted and taken out of every store, among others that stay."""
    await world.write(0, f"{word} is a word of its own")
    for number in range(1, 6):
        await world.write(number, "\n".join(f"{STAYS} {number} {line}" for line in range(5)))
    await world.delete(0)
    await world.remove()


async def rebuild(world: World, kind: BuildKind) -> None:
    ref = await world.plan(kind)
    await world.followed(ref)
    await world.reconciled(ref)
    assert (await world.cutover.flip(ref)).is_active
    assert len((await world.cutover.finish(ref)).builds) == 1


async def gone(folder: Path, needle: bytes, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while found := await asyncio.to_thread(holding, folder, needle):
        assert time.monotonic() < deadline, found
        await asyncio.sleep(0.2)


async def test_weaviate(opened: Opened, sqlite_settings: Settings, weaviate_server: WeaviateServer) -> None:
    settings = sqlite_settings.model_copy(update={"weaviate": weaviate_server.settings})
    embedder, word = RandomEmbedder(), canary()
    world = await opened(settings, index=WeaviateIndex.from_settings(settings), embedder=embedder)
    await filled(world, word)
    vector = next(made for text, made in embedder.made.items() if word in text).astype("<f4").tobytes()
    needles = [word.encode(), vector]
    for needle in needles:
        assert holding(weaviate_server.data, needle), "the scan does not see what is there"
    await rebuild(world, BuildKind.VECTOR)
    for needle in needles:
        await gone(weaviate_server.data, needle)
    assert holding(weaviate_server.data, STAYS.encode())


async def test_a_migration_leaves_nothing_of_the_vectors_of_the_model_it_left(
    opened: Opened, sqlite_settings: Settings, weaviate_server: WeaviateServer
) -> None:
    settings = sqlite_settings.model_copy(update={"weaviate": weaviate_server.settings})
    embedder = RandomEmbedder()
    world = await opened(settings, index=WeaviateIndex.from_settings(settings), embedder=embedder)
    texts = [f"{canary()} of document {number}" for number in range(6)]
    migrating = await over(world, *texts)
    former = [embedder.made[text].astype("<f4").tobytes() for text in texts]
    ref = await migrating.begun()
    await migrating.serving(ref)
    for needle in former:
        assert holding(weaviate_server.data, needle), "the scan does not see what is there"
    assert len((await world.cutover.finish(ref)).builds) == 1
    for needle in former:
        await gone(weaviate_server.data, needle)
    for vector in await world.other.embed(texts, InputKind.DOCUMENT):
        assert holding(weaviate_server.data, vector.astype("<f4").tobytes())


async def test_files_of_keyword_builds(opened: Opened, sqlite_settings: Settings, tmp_path: Path) -> None:
    folder, word = tmp_path / "keywords", canary()
    world = await opened(sqlite_settings, keywords=SqliteKeywords(folder, wait_seconds=15))
    await filled(world, word)
    assert holding(folder, word.encode()), "the scan does not see what is there"
    await rebuild(world, BuildKind.KEYWORD)
    assert not holding(folder, word.encode())
    assert holding(folder, STAYS.encode())


@pytest.fixture
async def cluster() -> AsyncGenerator[Cluster]:
    with TemporaryDirectory(prefix="lethe-pg-", ignore_cleanup_errors=True) as name:
        cluster = Cluster(make_cluster(Path(name)))
        await cluster.start()
        yield cluster
        cluster.child.kill()


async def test_unlogged_tables(opened: Opened, sqlite_settings: Settings, cluster: Cluster, tmp_path: Path) -> None:
    word, url = canary(), cluster.postgres.create_database("ledger")
    keywords = keywords_from_settings(settings_at(tmp_path, url, "postgresql+asyncpg://nowhere/keyring"))
    world = await opened(sqlite_settings, keywords=keywords)
    await filled(world, word)
    await keywords.close()
    # Only a shutdown writes the pages of UNLOGGED tables, and removes the files of dropped ones.
    await cluster.restart()
    assert cluster.holding(word) == {"base"}, "the scan does not see what is there"
    await rebuild(world, BuildKind.KEYWORD)
    await keywords.close()
    await cluster.restart()
    assert cluster.holding(word) == set()
    assert cluster.holding(STAYS) == {"base"}
