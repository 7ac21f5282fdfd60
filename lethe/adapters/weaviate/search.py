"""From a HybridQuery to the right one of Weaviate's searches, and back to hits."""

from typing import Any, Final

from weaviate.classes.query import Filter, HybridFusion, MetadataQuery
from weaviate.collections import CollectionAsync
from weaviate.collections.classes.filters import FilterReturn
from weaviate.collections.classes.internal import Object

from lethe.adapters.weaviate.filters import filter_of
from lethe.adapters.weaviate.schema import Field
from lethe.ports.vectors import Hit, HybridQuery

Objects = CollectionAsync[Any, Any]
"""The objects of one physical tenant."""

_RETURNED: Final = [Field.DOCUMENT, Field.VERSION]


async def run_search(collection: Objects, query: HybridQuery) -> list[Hit]:
    """Hybrid by relative-score fusion; one side alone where the other is absent or has no weight."""
    if not query.readers:
        return []  # the client refuses a filter without values
    where = _filters(query)
    if query.vector is not None and (query.alpha == 1 or not query.terms):
        found = await collection.query.near_vector(
            query.vector.tolist(),
            limit=query.limit,
            filters=where,
            return_properties=_RETURNED,
            return_metadata=MetadataQuery(distance=True),
        )
        return [_hit(item, max(0.0, 1.0 - (item.metadata.distance or 0.0))) for item in found.objects]
    if not query.terms:
        return []
    if query.vector is None or query.alpha == 0:
        found = await collection.query.bm25(
            query.terms,
            query_properties=[Field.TERMS],
            limit=query.limit,
            filters=where,
            return_properties=_RETURNED,
            return_metadata=MetadataQuery(score=True),
        )
        best = max((item.metadata.score or 0.0 for item in found.objects), default=0.0) or 1.0
        return [_hit(item, (item.metadata.score or 0.0) / best) for item in found.objects]
    found = await collection.query.hybrid(
        query.terms,
        alpha=query.alpha,
        vector=query.vector.tolist(),
        query_properties=[Field.TERMS],
        fusion_type=HybridFusion.RELATIVE_SCORE,
        limit=query.limit,
        filters=where,
        return_properties=_RETURNED,
        return_metadata=MetadataQuery(score=True),
    )
    return [_hit(item, item.metadata.score or 0.0) for item in found.objects]


def _filters(query: HybridQuery) -> FilterReturn:
    readable = Filter.by_property(Field.READERS).contains_any(sorted(query.readers))
    return readable if query.attributes is None else readable & filter_of(query.attributes)


def _hit(item: Object[Any, Any], score: float) -> Hit:
    return Hit(
        chunk_id=str(item.uuid),
        version_id=str(item.properties[Field.VERSION]),
        document_id=str(item.properties[Field.DOCUMENT]),
        score=score,
    )
