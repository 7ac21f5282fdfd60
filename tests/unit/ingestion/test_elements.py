import pytest
from hypothesis import given
from hypothesis import strategies as st

from lethe.ingestion.elements import from_json, to_json
from lethe.ports.parsing import Element, ElementKind, ParsedDocument

texts = st.text(st.characters(codec=None), max_size=40)
elements = st.builds(
    Element, st.sampled_from(ElementKind), texts, st.integers(0, 9), st.one_of(st.none(), st.integers(1, 9_999))
)
documents = st.builds(ParsedDocument, st.lists(elements, max_size=8).map(tuple), texts)


@given(documents)
def test_reads_back_what_was_written(document: ParsedDocument) -> None:
    assert from_json(to_json(document)) == document


def test_lone_surrogates_survive() -> None:
    document = ParsedDocument((Element(ElementKind.TEXT, "a\ud800b"),), "\udfff")
    assert from_json(to_json(document)) == document


def test_another_format_is_refused() -> None:
    with pytest.raises(ValueError, match="format 2"):
        from_json(b'{"version":2,"title":"","elements":[]}')
