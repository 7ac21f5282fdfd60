"""From a condition over attributes to SQL: what `lethe.model.conditions.holds` says; a property test compares them."""

import json
from typing import Final

from sqlalchemy import ColumnElement, Text, and_, cast, func, not_, or_, select
from sqlalchemy.dialects.postgresql import ARRAY

from lethe.model.conditions import AllOf, AnyOf, Between, Condition, HasAny, Not

_HELD: Final = "EXISTS (SELECT 1 FROM attributes WHERE attributes.version = objects.version AND {test})"
_ANY_OF: Final = _HELD.format(test="attribute IN (SELECT value FROM json_each(?))")
_BETWEEN: Final = _HELD.format(test="attribute BETWEEN ? AND ?")

Clause = tuple[str, list[str]]
"""SQL and the values bound in it."""


def sqlite_clause(condition: Condition) -> Clause:
    """Text is compared by its bytes (the BINARY collation), as codes want it."""
    match condition:
        case HasAny(values):
            return _ANY_OF, [json.dumps(values)]
        case Between():
            return _BETWEEN, list(condition.bounds)
        case Not(part):
            clause, bound = sqlite_clause(part)
            return f"NOT ({clause})", bound
        case AllOf(parts):
            return _joined(" AND ", [sqlite_clause(part) for part in parts])
        case AnyOf(parts):
            return _joined(" OR ", [sqlite_clause(part) for part in parts])


def _joined(operator: str, clauses: list[Clause]) -> Clause:
    values = [value for _, bound in clauses for value in bound]
    return operator.join(f"({clause})" for clause, _ in clauses), values


def postgres_clause(attributes: ColumnElement[list[str]], condition: Condition) -> ColumnElement[bool]:
    """Over an array of text. Codes are compared in the C collation, whatever the database's own is."""
    match condition:
        case HasAny(values):
            return attributes.op("&&", is_comparison=True)(cast(list(values), ARRAY(Text)))
        case Between():
            low, high = condition.bounds
            one = func.unnest(attributes).column_valued("one")
            return select(one).where(one.collate("C").between(low, high)).exists()
        case Not(part):
            return not_(postgres_clause(attributes, part))
        case AllOf(parts):
            return and_(*(postgres_clause(attributes, part) for part in parts))
        case AnyOf(parts):
            return or_(*(postgres_clause(attributes, part) for part in parts))
