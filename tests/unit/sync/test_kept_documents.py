"""How long documents of a source stay: what a complete round named is young, the rest goes when the source says."""

from dataclasses import replace

from lethe.contracts.retention import RetentionPage, RetentionRef, RetentionStart, RetentionTally
from lethe.ingestion.retaining import Retaining
from lethe.model.ids import new_id
from lethe.model.retention import RetentionKind
from lethe.settings import RetentionSettings
from tests.unit.sync.following import Following, fill


async def due(following: Following, **days: int) -> RetentionTally:
    """What a run would remove now, by the installation's days."""
    house = following.house
    retaining = Retaining(house.ledger, house.keyring, following.clock, RetentionSettings(**days))
    ref = RetentionRef(tenant_id=house.tenant_id, run_id=new_id())
    plan = await retaining.plan(RetentionStart(run=ref, as_of=following.clock.now()))
    counted = plan.model_copy(update={"dry_run": True})
    return (await retaining.page(RetentionPage(run=ref, plan=counted, kind=RetentionKind.DOCUMENTS))).tally


async def test_a_complete_round_renews_what_it_named(following: Following) -> None:
    fill(following, 4)
    await following.round()
    following.later(days=9)
    await following.round(is_dry_run=True)
    assert (await due(following, document_days=8)).matched == 4
    renewed = await following.round()
    assert (renewed.skipped, (await due(following, document_days=8)).matched) == (4, 0)
    following.later(days=8, seconds=1)
    assert (await due(following, document_days=8)).matched == 4


async def test_documents_go_by_the_days_of_their_source(following: Following) -> None:
    house = following.house
    fill(following, 4)
    await following.round()
    await house.live("a note", source_uri="file:///elsewhere.txt")
    following.later(days=31)
    assert (await due(following)).matched == 0

    await following.sources.change(house.admin, following.source_id, lambda wish: replace(wish, retention_days=30))
    shown = await following.sources.get(house.admin, following.source_id)
    assert shown.source.retention_days == 30
    assert (await due(following)).matched == 4
    await following.round()
    assert (await due(following)).matched == 0
