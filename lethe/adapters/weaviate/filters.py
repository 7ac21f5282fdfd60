"""From a condition over attributes to Weaviate's filter."""

from weaviate.classes.query import Filter
from weaviate.collections.classes.filters import FilterReturn

from lethe.adapters.weaviate.schema import Field
from lethe.model.conditions import AllOf, AnyOf, Between, Condition, HasAny, Not


def filter_of(condition: Condition) -> FilterReturn:
    """The filter that finds what `lethe.model.conditions.holds` says; a property test compares them."""
    match condition:
        case HasAny(values):
            # The client refuses none at all; the empty attribute is nobody's.
            return Filter.by_property(Field.ATTRIBUTES).contains_any(list(values) or [""])
        case Between():
            return Filter.any_of([_begins(prefix) for prefix in condition.prefixes()])
        case Not(part):
            return Filter.not_(filter_of(part))
        case AllOf(parts):
            return Filter.all_of([filter_of(part) for part in parts])
        case AnyOf(parts):
            return Filter.any_of([filter_of(part) for part in parts])


def _begins(prefix: str) -> FilterReturn:
    """Keys and codes have neither `*` nor `?` in them."""
    return Filter.by_property(Field.ATTRIBUTES).like(f"{prefix}*")
