"""What a VectorIndex lists, reads and deletes by id, and how it keeps it. Part of VectorIndexContract."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from lethe.model.ids import new_id
from lethe.model.index_parameters import IndexParameters, Quantisation
from lethe.model.indexes import collection_name
from lethe.ports.vectors import Listed

if TYPE_CHECKING:
    from tests.contract.vector_index import Shelf


class VectorListing:
    """Uses the fixture ``shelf`` of VectorIndexContract."""

    async def test_a_listing_goes_by_id_page_by_page(self, shelf: "Shelf") -> None:
        assert await shelf.index.page(shelf.build, None, 10) == []
        group = new_id()
        objects = await shelf.put(["lift"] * 7, readers=[group, shelf.everyone], attributes=["b=2", "a=1"])
        objects += await shelf.put(["drag"] * 4)
        listed = await shelf.index.page(shelf.build, None, 100)
        assert [item.chunk_id for item in listed] == sorted(item.chunk_id for item in objects)
        paged: list[Listed] = []
        while page := await shelf.index.page(shelf.build, paged[-1].chunk_id if paged else None, 3):
            paged += page
        assert paged == listed
        one = next(item for item in listed if item.chunk_id == objects[0].chunk_id)
        assert one.version_id == objects[0].version_id
        assert (one.readers, one.attributes) == (tuple(sorted([group, shelf.everyone])), ("a=1", "b=2"))

    async def test_a_listing_goes_on_after_an_object_that_is_gone(self, shelf: "Shelf") -> None:
        ids = sorted(item.chunk_id for item in await shelf.put(["lift"] * 6))
        assert await shelf.index.delete_objects(shelf.build, ids[1:3]) == 2
        assert [item.chunk_id for item in await shelf.index.page(shelf.build, ids[1], 10)] == ids[3:]
        assert await shelf.index.page(shelf.build, ids[-1], 10) == []

    async def test_objects_are_found_and_deleted_by_id(self, shelf: "Shelf") -> None:
        objects = await shelf.put([f"word{n}" for n in range(1_200)])
        ids = [item.chunk_id for item in objects]
        assert await shelf.index.present(shelf.build, [*ids, new_id()]) == frozenset(ids)
        assert await shelf.index.present(shelf.build, []) == frozenset()
        assert await shelf.index.delete_objects(shelf.build, [*ids[:1_100], new_id()]) == 1_100
        assert await shelf.index.delete_objects(shelf.build, ids[:1_100]) == 0
        assert await shelf.index.delete_objects(shelf.build, []) == 0
        assert await shelf.index.present(shelf.build, ids) == frozenset(ids[1_100:])

    async def test_vectors_are_read_back_as_they_were_written(self, shelf: "Shelf") -> None:
        objects = await shelf.put(["lift", "drag"])
        ids = [item.chunk_id for item in objects]
        found = await shelf.index.vectors(shelf.build, [*ids, new_id()])
        assert set(found) == set(ids)
        for item in objects:
            np.testing.assert_allclose(found[item.chunk_id], item.vector, atol=1e-6)
        assert await shelf.index.vectors(shelf.build, []) == {}

    @pytest.mark.parametrize("quantisation", Quantisation)
    async def test_the_same_model_kept_otherwise_is_a_build_of_its_own(
        self, shelf: "Shelf", quantisation: Quantisation
    ) -> None:
        parameters = IndexParameters(ef=64, ef_construction=64, connections=8, quantisation=quantisation).key
        collection = collection_name(shelf.build.spec, parameters)
        build = replace(shelf.build, number=2, parameters=parameters, collection=collection)
        other = replace(shelf, build=build)
        assert other.build.collection != shelf.build.collection
        await shelf.index.create_build(other.build, 8)
        objects = await other.put(["lift", "drag"])
        assert (await other.ask(axis=1, alpha=1.0))[0] == objects[1].chunk_id
        assert IndexParameters.of(parameters).key == parameters
