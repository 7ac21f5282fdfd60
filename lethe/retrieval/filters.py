"""Metadata filters of a search."""

from collections.abc import Mapping

from lethe.model.filters import compile_filter
from lethe.ports.search import AttributeFilter


def compile_filters(filters: Mapping[str, object] | None) -> AttributeFilter:
    """See lethe.model.filters.compile_filter; without any, None. Raises InvalidRequest."""
    return compile_filter(filters) if filters else None
