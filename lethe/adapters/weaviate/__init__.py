"""The vector index in Weaviate."""

from lethe.adapters.weaviate.index import WeaviateIndex

__all__ = ["WeaviateIndex"]
