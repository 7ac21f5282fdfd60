"""Which rules of a robots.txt are for this reader, and which of them decides (RFC 9309)."""

import pytest

from lethe.adapters.sources.web.robots import MAX_RULES, read_robots

GROUPS = """
# everybody
User-agent: *
Disallow: /private/
Disallow: /*.pdf$
Allow: /private/open

User-agent: Lethe
User-agent: other
Crawl-delay: 5
Disallow: /drafts

User-agent: lethe
Disallow: /tmp/*/x?y=[1]
"""


@pytest.mark.parametrize(
    ("agent", "path", "is_allowed"),
    [
        ("somebody", "/", True),
        ("somebody", "/private/", False),
        ("somebody", "/private/open/a", True),
        ("somebody", "/a/b.pdf", False),
        ("somebody", "/a/b.pdf?c", True),
        ("somebody", "/drafts", True),
        ("lethe", "/private/", True),
        ("lethe", "/drafts/a", False),
        ("LETHE", "/draft", True),
        ("lethe", "/tmp/1/x?y=[1]&z", False),
        ("lethe", "/tmp/1/xzy=1", True),
        ("other", "/drafts", False),
        ("other", "/tmp/1/x?y=[1]", True),
    ],
)
def test_a_reader_keeps_to_its_own_group(agent: str, path: str, is_allowed: bool) -> None:
    assert read_robots(GROUPS, agent).allows(path) is is_allowed


@pytest.mark.parametrize("text", ["", "\ufeff", "Disallow: /", "User-agent: *\nDisallow:\n", "<html>", "a\0b:c\n:\n"])
def test_what_says_nothing_forbids_nothing(text: str) -> None:
    assert read_robots(text, "lethe").allows("/")


def test_of_two_rules_as_long_the_one_that_allows() -> None:
    assert read_robots("User-agent: *\nDisallow: /page\nAllow: /page", "lethe").allows("/page")


@pytest.mark.parametrize(
    ("pattern", "path", "is_matched"),
    [
        ("/a*b", "/ab", True),
        ("/a*b", "/a/x/b/c", True),
        ("/a*b", "/a/x", False),
        ("/a*b*c$", "/abc", True),
        ("/a*b*c$", "/abcd", False),
        ("/a*bc*c$", "/abc", False),
        ("/a$", "/a", True),
        ("/a$", "/a/", False),
        ("*", "/a", True),
        ("/*$", "/a", True),
    ],
)
def test_patterns(pattern: str, path: str, is_matched: bool) -> None:
    assert read_robots(f"User-agent: *\nDisallow: {pattern}", "lethe").allows(path) is not is_matched


def test_a_site_with_more_rules_than_are_kept_is_not_read_at_all() -> None:
    text = "User-agent: *\n" + "Allow: /\n" * MAX_RULES
    assert read_robots(text, "lethe").allows("/a")
    assert not read_robots(f"{text}Allow: /\n", "lethe").allows("/a")


def test_a_pattern_made_to_take_long_does_not() -> None:
    assert read_robots("User-agent: *\nDisallow: /" + "*a" * 200 + "b", "lethe").allows("/" + "a" * 2000)
