"""Which items of a source its patterns take."""

import pytest

from lethe.model.sources import SourceFilters


@pytest.mark.parametrize(
    ("path", "pattern", "is_matched"),
    [
        ("a.pdf", "*.pdf", True),
        ("deep/er/a.pdf", "*.pdf", True),
        ("deep/er/a.pdf", "/*.pdf", False),
        ("a.pdf", "/*.pdf", True),
        ("deep/a.pdf", "deep/*", True),
        ("deep/er/a.pdf", "deep/*", False),
        ("deep/er/a.pdf", "deep/**", True),
        ("deep/er/a.pdf", "**/er/*.pdf", True),
        ("er/a.pdf", "**/er/*.pdf", True),
        ("a/x/b/x/c.md", "a/**/x/c.md", True),
        ("a/x/b/y/c.md", "a/**/x/c.md", False),
        ("deeper/a.pdf", "deep/**", False),
        ("a.PDF", "*.pdf", False),
        ("report-2.txt", "report-[0-9].txt", True),
        ("report-x.txt", "report-[!0-9].txt", True),
        ("a.b", "a?b", True),
    ],
)
def test_a_pattern_is_of_segments(path: str, pattern: str, is_matched: bool) -> None:
    assert SourceFilters(include=(pattern,)).lets_through(path) is is_matched
    assert SourceFilters(exclude=(pattern,)).lets_through(path) is not is_matched


def test_what_is_excluded_is_not_taken_even_if_included() -> None:
    filters = SourceFilters(include=("docs/**",), exclude=("*.tmp", "docs/old/**"))
    paths = ["docs/a.md", "docs/a.tmp", "docs/old/a.md", "a.md"]
    assert [path for path in paths if filters.lets_through(path)] == ["docs/a.md"]


def test_a_pattern_made_to_take_long_does_not() -> None:
    """Of a backtracking matcher this asks more steps than there are seconds left."""
    assert not SourceFilters(include=("*a" * 90 + "b", "**/a/" * 40 + "b")).lets_through("a/" * 200 + "a" * 200)
