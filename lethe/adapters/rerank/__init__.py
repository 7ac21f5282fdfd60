"""Rerankers: a file per vendor, and the choice among them."""

from lethe.adapters.rerank.choice import open_reranker

__all__ = ["open_reranker"]
