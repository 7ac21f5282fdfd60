"""What every PassageSearch means, whatever index, ledger and embedder are behind it."""

from datetime import timedelta

import pytest

from lethe.model.answers import DegradedReason
from lethe.model.documents import Status
from lethe.model.ids import new_id
from lethe.retrieval.filters import compile_filters
from tests.corpus import NOON, NOW, Corpus

QUESTION = "How tall is the lighthouse of Varnholm?"
ANSWER = "The lighthouse of Varnholm is 31 metres tall."
OTHER = "Bread is baked from flour, water and salt."


def stale(number: int) -> str:
    return f"The lighthouse of Varnholm is {number} metres tall, how tall the lighthouse of Varnholm is."


class PassageSearchContract:
    """Inherit and give the fixture `corpus`."""

    @pytest.fixture
    async def corpus(self) -> Corpus:
        raise NotImplementedError

    async def test_the_best_passage_comes_first_and_open(self, corpus: Corpus):
        await corpus.plant_many([[OTHER], ["Cats sleep most of the day."]])
        wanted = await corpus.plant(
            OTHER, ANSWER, title="Sea marks", section="Sea marks > Lights", source_uri="file:///marks.txt", page=4
        )
        found = await corpus.search().find(corpus.request(QUESTION, 2))
        best = found.passages[0]
        assert (best.chunk_id, best.text) == (wanted.chunks[1].id, ANSWER)
        assert (best.title, best.section, best.source_uri) == ("Sea marks", "Sea marks > Lights", "file:///marks.txt")
        assert (best.version_id, best.document_id) == (wanted.version.id, wanted.document.id)
        assert (best.page, best.start, best.end, best.ordinal) == (4, 1_000, 1_000 + len(ANSWER), 1)
        assert 0 < best.score <= 1
        assert len(found.passages) == 2
        assert (found.reasons, found.build_id) == ((), corpus.build.id)
        assert set(found.timings_ms) == {"embed", "search", "gate", "total"}

    async def test_200_stale_objects_around_the_question_hide_nothing(self, corpus: Corpus):
        await corpus.plant_many([[stale(number)] for number in range(200)], live_until=NOW)
        wanted = await corpus.plant_many([[ANSWER] for _ in range(5)])
        found = await corpus.search().find(corpus.request(QUESTION, 5))
        assert {passage.document_id for passage in found.passages} == {one.document.id for one in wanted}
        assert found.reasons == ()

    async def test_when_the_pages_end_before_the_stale_objects_it_is_told(self, corpus: Corpus):
        await corpus.plant_many([[stale(number)] for number in range(30)], live_until=NOW)
        await corpus.plant(OTHER)
        found = await corpus.search(gate_limits=(5, 20)).find(corpus.request(QUESTION))
        assert found.passages == ()
        assert found.reasons == (DegradedReason.INDEX_LAGGING,)

    async def test_a_small_corpus_is_no_reason_for_a_reason(self, corpus: Corpus):
        await corpus.plant(ANSWER)
        found = await corpus.search().find(corpus.request(QUESTION, 50))
        assert (len(found.passages), found.reasons) == (1, ())

    async def test_who_may_read_one_percent_still_gets_k(self, corpus: Corpus):
        group = new_id()
        await corpus.plant_many([[stale(number)] for number in range(297)])
        allowed = await corpus.plant_many([[OTHER], [ANSWER], ["Ships pass at night."]], readers=[group])
        found = await corpus.search().find(corpus.request(QUESTION, 3, readers=[group]))
        assert {passage.document_id for passage in found.passages} == {one.document.id for one in allowed}
        assert found.reasons == ()

    async def test_the_gate_knows_better_than_the_index_who_may_read(self, corpus: Corpus):
        group = new_id()
        await corpus.plant_many([[stale(number)] for number in range(60)], index_readers=[group])
        allowed = await corpus.plant(ANSWER, readers=[group])
        found = await corpus.search().find(corpus.request(QUESTION, readers=[group]))
        assert [passage.document_id for passage in found.passages] == [allowed.document.id]

    async def test_a_foreign_tenant_finds_nothing(self, corpus: Corpus):
        planted = await corpus.plant(ANSWER)
        foreign = await Corpus.make(corpus.ledger, corpus.keyring, corpus.index, corpus.embedder)
        readers = [foreign.tenant_id, corpus.tenant_id]
        assert (await foreign.search().find(foreign.request(QUESTION, readers=readers))).passages == ()
        scores = {planted.chunks[0].id: 1.0}
        opened = await foreign.search().reopen(foreign.tenant_id, scores, seq=NOW, readers=frozenset(readers))
        assert opened == []

    @pytest.mark.parametrize(
        "state",
        [
            {"deleted_at": NOON},
            {"fenced_at": NOON},
            {"status": Status.QUARANTINED},
            {"live_from": None},
            {"live_from": NOW + 1},
            {"live_until": NOW},
        ],
        ids=["deleted", "fenced", "quarantined", "never live", "live later", "replaced"],
    )
    async def test_what_may_not_be_served_is_not_found(self, corpus: Corpus, state: dict[str, object]):
        hidden = await corpus.plant(ANSWER, **state)
        shown = await corpus.plant(OTHER)
        search = corpus.search()
        found = await search.find(corpus.request(QUESTION))
        assert [passage.document_id for passage in found.passages] == [shown.document.id]
        scores = {hidden.chunks[0].id: 1.0, shown.chunks[0].id: 0.5}
        opened = await search.reopen(corpus.tenant_id, scores, seq=NOW, readers=frozenset([corpus.tenant_id]))
        assert [(passage.document_id, passage.score) for passage in opened] == [(shown.document.id, 0.5)]

    async def test_a_version_is_found_by_the_questions_of_its_time(self, corpus: Corpus):
        await corpus.plant(stale(30), live_from=10, live_until=20)
        await corpus.plant(ANSWER, live_from=20)
        search = corpus.search()
        seen = {seq: (await search.find(corpus.request(QUESTION, seq=seq))).passages for seq in (9, 10, 19, 20)}
        assert {seq: [one.text for one in passages] for seq, passages in seen.items()} == {
            9: [], 10: [stale(30)], 19: [stale(30)], 20: [ANSWER]
        }  # fmt: skip

    async def test_a_destroyed_key_shuts_out_what_the_index_still_holds(self, corpus: Corpus):
        gone = await corpus.plant_many([[stale(number)] for number in range(60)])
        kept = await corpus.plant(ANSWER)
        await corpus.keyring.destroy(corpus.tenant_id, [one.version.id for one in gone])
        search = corpus.search()
        found = await search.find(corpus.request(QUESTION, 3))
        assert [passage.document_id for passage in found.passages] == [kept.document.id]
        scores = {gone[0].chunks[0].id: 1.0}
        assert await search.reopen(corpus.tenant_id, scores, seq=NOW, readers=frozenset([corpus.tenant_id])) == []

    async def test_rights_taken_away_count_at_once(self, corpus: Corpus):
        planted = await corpus.plant(ANSWER)
        search = corpus.search()
        assert (await search.find(corpus.request(QUESTION))).passages
        await corpus.change(planted, readers=[new_id()], updated_at=NOON + timedelta(seconds=1))
        assert (await search.find(corpus.request(QUESTION))).passages == ()

    async def test_filters_go_by_metadata(self, corpus: Corpus):
        await corpus.plant(ANSWER, metadata={"year": 2025, "kind": ["report", "draft"]})
        wanted = await corpus.plant(ANSWER, metadata={"year": 2026, "kind": "report", "final": True})
        search = corpus.search()
        for filters, count in [
            ({"kind": "report"}, 2),
            ({"year": {"$in": [2025, 2026]}, "kind": {"$eq": "draft"}}, 1),
            ({"year": 2027}, 0),
        ]:
            found = await search.find(corpus.request(QUESTION, attributes=compile_filters(filters)))
            assert len(found.passages) == count
        attributes = compile_filters({"year": 2026, "final": True})
        found = await search.find(corpus.request(QUESTION, attributes=attributes))
        assert [passage.document_id for passage in found.passages] == [wanted.document.id]

    @pytest.mark.parametrize("alpha", [0.0, 0.3, 1.0])
    async def test_each_side_alone_and_both_find_it(self, corpus: Corpus, alpha: float):
        await corpus.plant_many([[OTHER], ["Cats sleep most of the day."]])
        wanted = await corpus.plant(ANSWER)
        found = await corpus.search().find(corpus.request(QUESTION, 1, alpha=alpha))
        assert [passage.document_id for passage in found.passages] == [wanted.document.id]
        assert found.reasons == ()
