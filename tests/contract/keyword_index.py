"""What ports.keywords.KeywordIndex means: every implementation passes these."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest

from lethe.errors import IndexBuildMissing
from lethe.model.conditions import AllOf, Condition, HasAny
from lethe.model.ids import Id, chunk_id, new_id
from lethe.model.indexes import BuildKind, BuildState, IndexBuild
from lethe.model.terms import index_terms, query_terms
from lethe.ports.keywords import KeywordIndex
from lethe.ports.vectors import HybridQuery, KeywordObject, Listed


def keyword_build(tenant_id: Id, number: int = 1) -> IndexBuild:
    return IndexBuild(
        tenant_id, new_id(), BuildKind.KEYWORD, "terms", number, "", BuildState.ACTIVE, 0, datetime.now(UTC)
    )


@dataclass
class Drawer:
    """A build and the means to put things in it."""

    index: KeywordIndex
    build: IndexBuild

    @property
    def everyone(self) -> Id:
        return self.build.tenant_id

    def objects(
        self, terms: Sequence[str], *, version: Id = "", readers: Sequence[Id] = (), attributes: Sequence[str] = ()
    ) -> list[KeywordObject]:
        """A version with a chunk for each text."""
        version_id, document_id = version or new_id(), new_id()
        return [
            KeywordObject(
                chunk_id=chunk_id(version_id, ordinal),
                document_id=document_id,
                version_id=version_id,
                ordinal=ordinal,
                terms=text,
                readers=tuple(readers) or (self.everyone,),
                attributes=tuple(attributes),
            )
            for ordinal, text in enumerate(terms)
        ]

    async def put(
        self, terms: Sequence[str], *, version: Id = "", readers: Sequence[Id] = (), attributes: Sequence[str] = ()
    ) -> list[KeywordObject]:
        objects = self.objects(terms, version=version, readers=readers, attributes=attributes)
        await self.index.write(self.build, objects)
        return objects

    async def ask(
        self,
        terms: str,
        *,
        limit: int = 10,
        readers: frozenset[Id] | None = None,
        attributes: Condition | None = None,
    ) -> list[Id]:
        reading = frozenset({self.everyone}) if readers is None else readers
        query = HybridQuery(terms, None, 0.0, limit, reading, attributes)
        return [hit.chunk_id for hit in await self.index.search(self.build, query)]


class KeywordIndexContract:
    """Subclasses give a fixture ``index``."""

    @pytest.fixture
    async def drawer(self, index: KeywordIndex) -> Drawer:
        build = keyword_build(new_id())
        await index.create_build(build)
        return Drawer(index, build)

    async def test_what_is_written_is_found_and_carries_its_ids(self, drawer: Drawer) -> None:
        first, *_ = await drawer.put(["lift wing", "drag wing", "heat"])
        hits = await drawer.index.search(
            drawer.build, HybridQuery("lift wing", None, 0.0, 10, frozenset({drawer.everyone}))
        )
        assert (hits[0].chunk_id, hits[0].version_id, hits[0].document_id) == (
            first.chunk_id,
            first.version_id,
            first.document_id,
        )
        assert hits[0].score == 1
        assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
        assert 0 < hits[1].score < 1

    async def test_rare_words_and_repeated_ones_weigh_more(self, drawer: Drawer) -> None:
        objects = await drawer.put(["wing lift", "wing drag heat", "drag wing drag", "wing heat", "wing"])
        assert (await drawer.ask("wing lift"))[0] == objects[0].chunk_id
        assert (await drawer.ask("drag"))[0] == objects[2].chunk_id

    async def test_identifiers_and_every_script_are_found_by_what_the_terms_say(self, drawer: Drawer) -> None:
        texts = {
            "Valve ABC-123 leaks, ask a.b@example.org": "ABC-123",
            "Version v1.2.3 of C++ and C#": "v1.2.3",
            "Die Brücke über den Fluß": "brücke fluss",
            "Насос остановлен": "насос",
            "消防ポンプを点検する": "消防ポンプ",
            "k_l:m/n+o is a key": "k_l:m/n+o",
        }
        objects = await drawer.put([index_terms(text, "") for text in texts])
        for item, asked in zip(objects, texts.values(), strict=True):
            assert await drawer.ask(query_terms(asked, [""])) == [item.chunk_id], asked

    async def test_a_word_within_another_is_not_it(self, drawer: Drawer) -> None:
        await drawer.put(["uplift abc-123"])
        assert await drawer.ask("lift") == []
        assert await drawer.ask("abc") == []

    async def test_a_question_of_a_thousand_words(self, drawer: Drawer) -> None:
        objects = await drawer.put(["lift", "drag"])
        words = " ".join(f"word{n}" for n in range(1_000))
        assert await drawer.ask(f"{words} drag") == [objects[1].chunk_id]

    async def test_without_words_nothing_is_found(self, drawer: Drawer) -> None:
        await drawer.put(["lift"])
        assert await drawer.ask("") == []

    async def test_at_most_limit_hits(self, drawer: Drawer) -> None:
        await drawer.put(["lift"] * 1_000)
        assert len(set(await drawer.ask("lift", limit=800))) == 800

    async def test_writing_again_replaces(self, drawer: Drawer) -> None:
        version = new_id()
        await drawer.put(["lift"], version=version)
        objects = await drawer.put(["drag"], version=version)
        assert await drawer.ask("lift") == []
        assert await drawer.ask("drag") == [objects[0].chunk_id]

    async def test_creating_a_build_again_keeps_what_it_holds(self, drawer: Drawer) -> None:
        objects = await drawer.put(["lift"])
        await drawer.index.create_build(drawer.build)
        assert await drawer.ask("lift") == [objects[0].chunk_id]

    async def test_only_what_the_caller_may_read(self, drawer: Drawer) -> None:
        group, other = new_id(), new_id()
        for_group = await drawer.put(["lift"], readers=[group, other])
        await drawer.put(["lift"], readers=[other])
        assert await drawer.ask("lift", readers=frozenset({group})) == [for_group[0].chunk_id]
        assert await drawer.ask("lift", readers=frozenset({new_id()})) == []
        assert len(await drawer.ask("lift", readers=frozenset({group, other}))) == 2
        assert await drawer.ask("lift", readers=frozenset()) == []

    async def test_attributes_any_within_a_group_and_all_groups(self, drawer: Drawer) -> None:
        red = await drawer.put(["lift"], attributes=["colour=red", "year=1958"])
        blue = await drawer.put(["lift"], attributes=["colour=blue", "year=1958"])
        either = await drawer.ask(
            "lift", attributes=AllOf((HasAny(("colour=red", "colour=blue")), HasAny(("year=1958",))))
        )
        assert set(either) == {red[0].chunk_id, blue[0].chunk_id}
        assert await drawer.ask("lift", attributes=HasAny(("colour=red",))) == [red[0].chunk_id]
        assert await drawer.ask("lift", attributes=AllOf((HasAny(("colour=red",)), HasAny(("year=1960",))))) == []
        assert await drawer.ask("lift", attributes=HasAny(("colour=RED", "colour", "red"))) == []
        assert await drawer.ask("lift", attributes=HasAny(())) == []

    async def test_properties_are_rewritten(self, drawer: Drawer) -> None:
        group = new_id()
        objects = await drawer.put(["lift", "drag"], attributes=["colour=red"])
        version = objects[0].version_id
        assert await drawer.index.update_properties(drawer.build, version, (group,), ("colour=blue",)) == 2
        assert await drawer.ask("lift") == []
        reading = frozenset({group})
        blue = await drawer.ask("drag", readers=reading, attributes=HasAny(("colour=blue",)))
        assert blue == [objects[1].chunk_id]
        assert await drawer.ask("drag", readers=reading, attributes=HasAny(("colour=red",))) == []
        assert await drawer.index.update_properties(drawer.build, new_id(), (group,), ()) == 0

    async def test_deleting_versions_leaves_the_others(self, drawer: Drawer) -> None:
        gone, kept = await drawer.put(["lift", "lift"]), await drawer.put(["lift"])
        assert await drawer.index.delete_versions(drawer.build, [gone[0].version_id, new_id()]) == 2
        assert await drawer.ask("lift") == [kept[0].chunk_id]
        assert await drawer.index.delete_versions(drawer.build, [gone[0].version_id]) == 0
        assert await drawer.index.delete_versions(drawer.build, []) == 0

    async def test_a_listing_goes_by_id_page_by_page(self, drawer: Drawer) -> None:
        assert await drawer.index.page(drawer.build, None, 10) == []
        group = new_id()
        objects = await drawer.put(["lift"] * 7, readers=[group, drawer.everyone], attributes=["b=2", "a=1"])
        objects += await drawer.put(["drag"] * 4)
        listed = await drawer.index.page(drawer.build, None, 100)
        assert [item.chunk_id for item in listed] == sorted(item.chunk_id for item in objects)
        paged: list[Listed] = []
        while page := await drawer.index.page(drawer.build, paged[-1].chunk_id if paged else None, 3):
            paged += page
        assert paged == listed
        one = next(item for item in listed if item.chunk_id == objects[0].chunk_id)
        assert one.version_id == objects[0].version_id
        assert (one.readers, one.attributes) == (tuple(sorted([group, drawer.everyone])), ("a=1", "b=2"))

    async def test_objects_are_found_and_deleted_by_id(self, drawer: Drawer) -> None:
        objects = await drawer.put([f"word{n}" for n in range(1_200)])
        ids = [item.chunk_id for item in objects]
        assert await drawer.index.present(drawer.build, [*ids, new_id()]) == frozenset(ids)
        assert await drawer.index.present(drawer.build, []) == frozenset()
        assert await drawer.index.delete_objects(drawer.build, [*ids[:1_100], new_id()]) == 1_100
        assert await drawer.index.delete_objects(drawer.build, ids[:1_100]) == 0
        assert await drawer.index.delete_objects(drawer.build, []) == 0
        assert await drawer.index.present(drawer.build, ids) == frozenset(ids[1_100:])
        assert await drawer.index.delete_objects(drawer.build, ids) == 100
        # The version's own row went with its last object.
        assert await drawer.index.update_properties(drawer.build, objects[0].version_id, (new_id(),), ()) == 0

    async def test_builds_and_tenants_do_not_see_each_other(self, drawer: Drawer) -> None:
        next_build = replace(drawer.build, id=new_id(), number=2)
        other_tenant = keyword_build(new_id())
        for build in (next_build, other_tenant):
            await drawer.index.create_build(build)
        objects = await drawer.put(["lift"])
        for build in (next_build, other_tenant):
            assert await Drawer(drawer.index, build).ask("lift", readers=frozenset({drawer.everyone})) == []
            assert await drawer.index.delete_versions(build, [objects[0].version_id]) == 0
        assert await drawer.ask("lift") == [objects[0].chunk_id]

    async def test_a_dropped_build_is_gone_and_stays_gone(self, drawer: Drawer) -> None:
        objects = await drawer.put(["lift"])
        assert await drawer.index.exists(drawer.build)
        await drawer.index.drop_build(drawer.build)
        await drawer.index.drop_build(drawer.build)
        assert not await drawer.index.exists(drawer.build)
        with pytest.raises(IndexBuildMissing):
            await drawer.ask("lift")
        with pytest.raises(IndexBuildMissing):
            await drawer.index.write(drawer.build, objects)
        assert await drawer.index.delete_versions(drawer.build, [objects[0].version_id]) == 0
