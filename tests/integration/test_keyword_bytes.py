"""Where the words of a keyword build are on disk, after a crash and after it is dropped."""

from collections.abc import AsyncGenerator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from lethe.adapters.keywords import SqliteKeywords, keywords_from_settings
from lethe.errors import IndexBuildMissing
from lethe.model.ids import new_id
from tests.conftest import settings_at
from tests.contract.keyword_index import Drawer, keyword_build
from tests.servers.cluster import Cluster, holding
from tests.servers.postgres import make_cluster

CANARY = "xanthocephalus"


@pytest.fixture
async def cluster() -> AsyncGenerator[Cluster]:
    with TemporaryDirectory(prefix="lethe-pg-", ignore_cleanup_errors=True) as name:
        cluster = Cluster(make_cluster(Path(name)))
        await cluster.start()
        yield cluster
        cluster.child.kill()


async def test_postgresql_keeps_the_words_in_the_build_alone(cluster: Cluster, tmp_path: Path) -> None:
    url = cluster.postgres.create_database("ledger")
    keywords = keywords_from_settings(settings_at(tmp_path, url, "postgresql+asyncpg://nowhere/keyring"))
    drawer = Drawer(keywords, keyword_build(new_id()))
    await keywords.create_build(drawer.build)
    await drawer.put([f"{CANARY} word{number}" for number in range(500)], attributes=[f"species={CANARY}"])
    cluster.postgres.execute("ledger", "ANALYZE")
    await keywords.close()
    # Only a shutdown writes the pages of UNLOGGED tables; what else held the words would have been written by then.
    await cluster.restart()
    assert cluster.holding(CANARY) == {"base"}
    assert await drawer.ask(CANARY)

    await keywords.drop_build(drawer.build)
    cluster.postgres.execute("ledger", "CHECKPOINT")
    assert cluster.holding(CANARY) == set()
    await keywords.close()


async def test_a_killed_postgresql_has_lost_the_build_and_says_so(cluster: Cluster, tmp_path: Path) -> None:
    url = cluster.postgres.create_database("ledger")
    keywords = keywords_from_settings(settings_at(tmp_path, url, "postgresql+asyncpg://nowhere/keyring"))
    drawer = Drawer(keywords, keyword_build(new_id()))
    await keywords.create_build(drawer.build)
    await drawer.put(["lift"])
    assert await keywords.exists(drawer.build)
    cluster.child.kill()
    await cluster.start()
    assert not await keywords.exists(drawer.build)
    with pytest.raises(IndexBuildMissing):
        await drawer.ask("lift")
    with pytest.raises(IndexBuildMissing):
        await drawer.put(["drag"])
    await keywords.create_build(drawer.build)
    objects = await drawer.put(["drag"])
    assert await drawer.ask("drag") == [objects[0].chunk_id]
    await keywords.close()


async def test_a_dropped_file_leaves_nothing(tmp_path: Path) -> None:
    keywords = SqliteKeywords(tmp_path, wait_seconds=15)
    drawer = Drawer(keywords, keyword_build(new_id()))
    await keywords.create_build(drawer.build)
    await drawer.put([CANARY], attributes=[f"species={CANARY}"])
    assert holding(tmp_path, CANARY)
    assert [path.stat().st_mode & 0o777 for path in tmp_path.iterdir()] == [0o600]
    await keywords.drop_build(drawer.build)
    assert list(tmp_path.iterdir()) == []
