"""The data map against the names in the code of the places outside SQL."""

import pytest

from lethe.adapters.weaviate.schema import Field as Property
from lethe.model.blobs import OF_VERSION, BlobName
from lethe.model.personal_data import StoreName
from lethe.privacy.data_map import (
    ARCHIVES,
    BLOBS,
    ERASED_BY,
    HISTORIES,
    OF_THE_ERASURE,
    OUTSIDE,
    PLACES,
    VECTORS,
    Category,
    Place,
)
from lethe.privacy.data_map.declaration import opaque, place, pseudonym
from workflows.attributes import ALL


def _names(place: Place) -> set[str]:
    return {field.name for field in place.fields}


def test_each_property_of_the_collection_is_declared():
    assert _names(VECTORS) - {"vector"} == {property_.value for property_ in Property}


def test_each_blob_is_declared():
    assert _names(BLOBS) == set(OF_VERSION)
    assert _names(BLOBS) | _names(ARCHIVES) == set(BlobName)


def test_each_search_attribute_is_declared():
    assert _names(HISTORIES) == {key.name for key in ALL}


def test_a_place_has_erasers_or_a_reason_for_none():
    for erasers, reason in (((), ""), (("module:function",), "both")):
        with pytest.raises(ValueError, match="either"):
            Place("somewhere", (), erasers, reason)


def _unanswered(places: tuple[Place, ...]) -> set[str]:
    """Places that something erases, or that hold what a person said, without a store that answers for them."""
    return {
        each.name
        for each in places
        if each.name not in {*ERASED_BY, *OF_THE_ERASURE}
        and (each.erasers or any(field.category in {Category.CONTENT, Category.IDENTIFIER} for field in each.fields))
    }


def test_a_store_answers_for_every_place_that_may_hold_something_of_a_person():
    assert _unanswered(PLACES) == set()
    assert {*ERASED_BY, *OF_THE_ERASURE} <= {each.name for each in PLACES}
    assert set(StoreName) - set(ERASED_BY.values()) == OUTSIDE


def test_a_place_nobody_answers_for_is_noticed():
    """The positive control."""
    diary = place("diaries", opaque("tenant_id"), pseudonym("author_id", "who"), erasers=("module:function",))
    assert _unanswered((*PLACES, diary)) == {"diaries"}
