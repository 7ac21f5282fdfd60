"""Looking errors up: what crosses an activity's boundary is a code."""

from collections.abc import Iterator

from lethe.errors.base import LetheError


def all_errors() -> Iterator[type[LetheError]]:
    """Every error class, base first, in the order of their files."""
    pending: list[type[LetheError]] = [LetheError]
    while pending:
        error = pending.pop(0)
        yield error
        pending.extend(error.__subclasses__())


def by_code(code: str) -> type[LetheError]:
    """The class of a code; an unknown code is an internal error."""
    return next((error for error in all_errors() if error.code == code), LetheError)
