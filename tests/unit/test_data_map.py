"""The data map against the names in the code of the places outside SQL."""

import pytest

from lethe.adapters.weaviate.schema import Field as Property
from lethe.model.blobs import OF_VERSION, BlobName
from lethe.privacy.data_map import ARCHIVES, BLOBS, HISTORIES, VECTORS, Place
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
