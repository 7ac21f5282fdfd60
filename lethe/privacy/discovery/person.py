"""A person as texts show them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Protocol

from lethe.model.documents import SubjectMention
from lethe.privacy.discovery.folding import Folded, fold
from lethe.privacy.discovery.identifiers import UNSPACED, MailForms, NumberForms, PhoneForms
from lethe.privacy.discovery.matches import Match, without_overlaps
from lethe.privacy.discovery.name_forms import NameForms

_LEAST_CHARACTERS: Final = 3


class Forms(Protocol):
    """Everything one identifier is written as."""

    def find(self, folded: Folded) -> Iterable[Match]: ...


@dataclass(frozen=True, slots=True)
class Person:
    """The identifiers of a request, ready to be looked for. Remembers words it has seen; for one request."""

    forms: tuple[Forms, ...]

    @classmethod
    def of(cls, identifiers: Iterable[SubjectMention]) -> "Person":
        """What an identifier of an unknown kind is compared by is its letters and digits."""
        forms = (_forms(each) for each in dict.fromkeys(identifiers))
        return cls(tuple(each for each in forms if each is not None))

    def find(self, text: str) -> list[Match]:
        """Every match in the text, none overlapping another, in order."""
        return self.find_in(Folded(text))

    def find_in(self, folded: Folded) -> list[Match]:
        """As `find`, in a text that others are looked for in too."""
        return without_overlaps(match for forms in self.forms for match in forms.find(folded))


def _forms(identifier: SubjectMention) -> Forms | None:
    if len(identifier.value.strip()) < (2 if UNSPACED.search(identifier.value) else _LEAST_CHARACTERS):
        return None
    match identifier.kind:
        case "email":
            return MailForms.of(identifier.value) or NumberForms.of(identifier.value)
        case "phone":
            return PhoneForms.of(identifier.value) or NumberForms.of(identifier.value)
        case "name" if not UNSPACED.search(fold(identifier.value)):
            return NameForms.of(identifier.value) or NumberForms.of(identifier.value)
        case _:
            return NumberForms.of(identifier.value)
