"""Objects as the store takes them and gives them back, some at a time."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from weaviate.classes.data import DataObject
from weaviate.collections.classes.internal import Object
from weaviate.collections.classes.types import WeaviateField

from lethe.adapters.weaviate.schema import Field
from lethe.model.ids import Id
from lethe.ports.vectors import IndexObject, Listed

PAGE: Final = 1_000
QUERY_LIMIT: Final = 5_000
"""Objects one answer may hold: half of what the server allows by default."""


def grouped(counts: Mapping[Id, int]) -> Iterator[list[Id]]:
    """Versions whose objects fit into one answer, with room for one more object each."""
    group: list[Id] = []
    held = 0
    for version_id, count in counts.items():
        if group and held + count + 1 > QUERY_LIMIT:
            yield group
            group, held = [], 0
        group.append(version_id)
        held += count + 1
    if group:
        yield group


def batches(chunk_ids: Collection[Id], size: int = PAGE) -> Iterator[list[Id]]:
    ordered = sorted(chunk_ids)
    return (ordered[start : start + size] for start in range(0, len(ordered), size))


def listed(item: Object[Any, Any]) -> Listed:
    """Something foreign may have none of our properties."""

    def words(name: Field) -> tuple[str, ...]:
        return tuple(sorted(str(value) for value in item.properties.get(name) or ()))

    version_id = str(item.properties.get(Field.VERSION) or "")
    return Listed(str(item.uuid), version_id, words(Field.READERS), words(Field.ATTRIBUTES))


def data_object(item: IndexObject) -> DataObject[dict[str, WeaviateField], None]:
    return DataObject(
        uuid=item.chunk_id,
        vector=item.vector.tolist(),
        properties={
            Field.TERMS: item.terms,
            Field.DOCUMENT: item.document_id,
            Field.VERSION: item.version_id,
            Field.ORDINAL: item.ordinal,
            Field.READERS: list(item.readers),
            Field.ATTRIBUTES: list(item.attributes),
        },
    )
