"""Who resembles the person: looser than an alias, for a person to decide on."""

import pytest

from lethe.privacy.discovery.folding import WORD, fold
from lethe.privacy.discovery.names import PersonName
from lethe.privacy.discovery.neighbours import resembles


@pytest.mark.parametrize(
    ("text", "does"),
    [
        ("Maria S.", True),
        ("Marya Schmitt", True),
        ("Mariah Schmid", True),
        ("Maria Berg", False),
        ("Peter Schmidt", False),
        ("Maria", False),
    ],
)
def test_who_resembles(text: str, does: bool) -> None:
    name = PersonName.of("Maria Schmidt")
    assert name
    assert resembles(name, WORD.findall(fold(text))) is does
