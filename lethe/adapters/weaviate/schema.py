"""What a collection looks like: its properties, its vector index, and the stamp of the whole store."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, Final

from weaviate import WeaviateAsyncClient
from weaviate.classes.config import Configure, DataType, Property, StopwordsPreset, Tokenization, VectorDistances

from lethe.model.index_parameters import IndexParameters, Quantisation

STAMP_COLLECTION: Final = "LetheStamp"
"""An empty collection whose description is the name of the environment the store belongs to."""


_QUANTIZERS: Final[Mapping[Quantisation, Callable[[], Any]]] = {
    Quantisation.STORE: lambda: None,
    Quantisation.NONE: Configure.VectorIndex.Quantizer.none,
    Quantisation.SCALAR: Configure.VectorIndex.Quantizer.sq,
    Quantisation.PRODUCT: Configure.VectorIndex.Quantizer.pq,
    Quantisation.BINARY: Configure.VectorIndex.Quantizer.bq,
    Quantisation.ROTATIONAL: Configure.VectorIndex.Quantizer.rq,
}


class Field(StrEnum):
    """Names of properties. ``terms`` is the only one with words of a document in it."""

    TERMS = "terms"
    DOCUMENT = "document_id"
    VERSION = "version_id"
    ORDINAL = "ordinal"
    READERS = "readers"
    ATTRIBUTES = "attributes"


async def create_stamp(client: WeaviateAsyncClient, environment: str) -> None:
    """Mark an unmarked store."""
    await client.collections.create(
        STAMP_COLLECTION, description=environment, vector_config=Configure.Vectors.self_provided(), properties=[]
    )


async def create_collection(client: WeaviateAsyncClient, name: str, parameters: IndexParameters) -> None:
    """One collection per embedding spec and way of keeping it.

    Tenants are made on purpose only: with automatic creation a late write would bring a dropped one back.
    """
    await client.collections.create(
        name,
        multi_tenancy_config=Configure.multi_tenancy(
            enabled=True, auto_tenant_creation=False, auto_tenant_activation=False
        ),
        vector_config=Configure.Vectors.self_provided(
            vector_index_config=Configure.VectorIndex.hnsw(
                distance_metric=VectorDistances.COSINE,
                ef=parameters.ef,
                ef_construction=parameters.ef_construction,
                max_connections=parameters.connections,
            ),
            quantizer=_QUANTIZERS[parameters.quantisation](),
        ),
        replication_config=Configure.replication(factor=parameters.replicas),
        inverted_index_config=Configure.inverted_index(bm25_k1=1.2, bm25_b=0.75, stopwords_preset=StopwordsPreset.NONE),
        properties=[
            Property(
                name=Field.TERMS,
                data_type=DataType.TEXT,
                tokenization=Tokenization.WHITESPACE,
                index_filterable=False,
                index_searchable=True,
            ),
            Property(name=Field.DOCUMENT, data_type=DataType.UUID, index_filterable=True),
            Property(name=Field.VERSION, data_type=DataType.UUID, index_filterable=True),
            Property(name=Field.ORDINAL, data_type=DataType.INT, index_filterable=True, index_range_filters=True),
            *(
                Property(
                    name=name,
                    data_type=DataType.TEXT_ARRAY,
                    tokenization=Tokenization.FIELD,
                    index_filterable=True,
                    index_searchable=False,
                )
                for name in (Field.READERS, Field.ATTRIBUTES)
            ),
        ],
    )
