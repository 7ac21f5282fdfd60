"""What names the person beside texts is behind the fence, too: metadata, and the sources that are in quarantine."""

from lethe.ingestion.quarantines import Quarantines
from tests.integration.house import House
from tests.integration.test_fence import MAIL, Hit, begin, erasures, live, passing


async def test_no_filter_tells_whose_metadata_a_chunk_has(house: House) -> None:
    receipt, (chunk,) = await live(house, "file:///a.txt", ["The pump was oiled."])
    await house.upload("file:///a.txt", source_uri="file:///a.txt", metadata={"owner": MAIL})
    hits = [Hit(chunk.id, receipt.version_id, receipt.document_id, 1.0)]
    assert await passing(house, hits) == {chunk.id}
    await begin(house)
    assert await passing(house, hits) == set()


async def test_a_source_in_quarantine_is_not_shown_where_it_names_the_person(house: House) -> None:
    quarantines = Quarantines(house.ledger, house.keyring, house.uploads.clock)
    for prefix in (f"file:///{MAIL}/", "file:///pumps/"):
        await quarantines.hide_sources(house.admin, prefix, "found")

    async def shown() -> list[str]:
        return sorted(each.source_prefix or "" for each in await quarantines.page(house.admin, None, 9, in_force=True))

    before = await shown()
    assert any(MAIL in each for each in before)
    await begin(house)
    assert await shown() == ["", *(each for each in before if MAIL not in each)]


async def test_a_fence_that_is_lowered_hides_nothing(house: House) -> None:
    receipt, (chunk,) = await live(house, "file:///a.txt", [f"Write to {MAIL}."])
    hits = [Hit(chunk.id, receipt.version_id, receipt.document_id, 1.0)]
    view = await begin(house)
    assert await passing(house, hits) == set()
    await erasures(house).cancel(house.admin, view.request.id)
    assert await passing(house, hits) == {chunk.id}
    async with house.ledger.read() as uow:
        assert await uow.suppressions.all(house.tenant_id) == frozenset()
