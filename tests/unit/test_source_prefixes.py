"""What a source URI begins with: the levels a quarantine or a selection may name."""

import pytest

from lethe.errors import InvalidRequest
from lethe.privacy.digests import MAX_PREFIXES, prefix_digest, prefix_digests, source_prefixes

KEY = b"k" * 32


@pytest.mark.parametrize(
    ("uri", "beginnings"),
    [
        ("file:///a/b.txt", ("file:", "file:///a", "file:///a/b.txt")),
        ("https://host/wiki/", ("https:", "https://host", "https://host/wiki")),
        ("upload:1/name.txt", ("upload:1", "upload:1/name.txt")),
        ("wiki:page:12", ("wiki:page:12",)),
        ("/", ("",)),
    ],
)
def test_a_source_begins_with_each_of_its_levels(uri: str, beginnings: tuple[str, ...]) -> None:
    assert source_prefixes(uri) == beginnings


@pytest.mark.parametrize("prefix", ["file:///a", "file:///a/", "file:///a//", "file:///", "file:///a/b.txt"])
def test_a_prefix_finds_what_is_below_it_and_itself(prefix: str) -> None:
    assert prefix_digest(KEY, prefix) in prefix_digests(KEY, "file:///a/b.txt")


@pytest.mark.parametrize("prefix", ["file:///ab", "file:///a/b", "ile:///a", "FILE:///a", "file:///a/b.txt/c"])
def test_a_prefix_ends_where_a_level_ends(prefix: str) -> None:
    assert prefix_digest(KEY, prefix) not in prefix_digests(KEY, "file:///a/b.txt")


def test_a_deep_source_is_found_by_its_first_levels_and_by_itself() -> None:
    uri = "file:" + "/x" * 500
    digests = prefix_digests(KEY, uri)
    assert len(digests) == MAX_PREFIXES
    assert prefix_digest(KEY, "file:" + "/x" * 50) in digests
    with pytest.raises(InvalidRequest):
        prefix_digest(KEY, "file:" + "/x" * 70)


def test_another_tenant_has_other_digests() -> None:
    assert prefix_digest(KEY, "file:///a") != prefix_digest(b"l" * 32, "file:///a")
