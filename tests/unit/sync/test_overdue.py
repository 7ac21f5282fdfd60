"""Which sources are overdue, as every process knows it without asking for each question."""

from prometheus_client import REGISTRY

from lethe.ingestion.sync.overdue import OverdueSources
from lethe.model.ids import new_id
from tests.unit.sync.following import Following, fill


def age(following: Following) -> float | None:
    return REGISTRY.get_sample_value("rag_source_age_seconds", {"source": following.source_id})


async def test_a_source_is_overdue_as_soon_as_its_last_good_round_is_too_old(following: Following) -> None:
    overdue = OverdueSources(following.house.ledger, following.clock, 30.0)
    assert not overdue(following.source_id)
    await overdue.look()
    assert not overdue(following.source_id)
    following.later(seconds=3601)
    # Told at once, also before anybody looks again; other sources, and uploads, never are.
    assert (overdue(following.source_id), overdue(new_id()), overdue(None)) == (True, False, False)
    await overdue.look()
    told = age(following)
    assert told is not None
    assert 3601 <= told < 3700
    assert REGISTRY.get_sample_value("rag_sources_overdue") == 1
    fill(following, 1)
    await following.round()
    await overdue.look()
    assert not overdue(following.source_id)
    assert REGISTRY.get_sample_value("rag_sources_overdue") == 0
    fresh = age(following)
    assert fresh is not None
    assert fresh < 60


async def test_a_source_that_goes_is_watched_no_more(following: Following) -> None:
    overdue = OverdueSources(following.house.ledger, following.clock, 30.0)
    following.later(seconds=3601)
    await overdue.look()
    assert overdue(following.source_id)
    await following.sources.delete(following.house.admin, following.source_id, deletes_documents=False)
    await overdue.look()
    assert (overdue(following.source_id), age(following)) == (False, None)
