"""Documents that name the population, with the truth by span."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from lethe.privacy.discovery.folding import fold
from tests.population.people import Invented


class Group(StrEnum):
    """Why a document is about somebody."""

    LINKED = "declared and linked"
    EXACT = "exact identifiers in text"
    NAMES = "names in free text"
    NEITHER = "neither"
    FILLER = "nobody"


@dataclass(frozen=True, slots=True)
class Truth:
    """A span that means the person; ``form``: how it is written."""

    person: int
    form: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Written:
    """``linked``: people its uploader declares."""

    group: Group
    text: str
    truths: tuple[Truth, ...] = ()
    linked: tuple[int, ...] = ()


@dataclass
class _Draft:
    """A text in the making."""

    text: str = ""
    truths: list[Truth] = field(default_factory=list[Truth])

    def say(self, words: str) -> None:
        self.text += words

    def mean(self, person: Invented, form: str, words: str) -> None:
        self.truths.append(Truth(person.number, form, len(self.text), len(self.text) + len(words)))
        self.text += words


Form = Callable[[random.Random, Invented], str]


def _typo(rng: random.Random, person: Invented) -> str:
    """A letter of the longer name doubled, left out, or swapped with its neighbour; never the first."""
    words = person.name.split()
    longest = max(range(len(words)), key=lambda place: len(words[place]))
    word = words[longest]
    place = rng.randint(1, len(word) - 2)
    swapped = word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    left_out, doubled = word[:place] + word[place + 1 :], word[:place] + word[place] + word[place:]
    words[longest] = rng.choice([each for each in (swapped, left_out, doubled) if each != word])
    return " ".join(words)


def _no_accents(_: random.Random, person: Invented) -> str:
    return " ".join(word[:1].upper() + word[1:] for word in fold(person.name).split())


def _two_letters(_: random.Random, person: Invented) -> str:
    pairs = {"ä": "ae", "ö": "oe", "ü": "ue", "Ö": "Oe", "Ü": "Ue", "Ä": "Ae"}
    return "".join(pairs.get(character, character) for character in person.name)


NAMES: Final[dict[str, Form]] = {
    "name": lambda _, person: person.name,
    "reversed": lambda _, person: f"{person.family}, {person.given}",
    "initial": lambda _, person: f"{person.given[0]}. {person.family}",
    "title": lambda rng, person: f"{rng.choice(('Dr.', 'Mrs', 'Mr.', 'Prof.', 'Frau', 'Herr'))} {person.family}",
    "middle": lambda rng, person: f"{person.given} {rng.choice('BCDEHJKLMPRT')}. {person.family}",
    "no accents": _no_accents,
    "two letters": _two_letters,
    "capitals": lambda _, person: person.name.upper(),
    "possessive": lambda _, person: f"{person.name}'s",
    "typo": _typo,
    "initial without point": lambda _, person: f"{person.given[0]} {person.family}",
    "initial behind": lambda _, person: f"{person.family} {person.given[0]}.",
    "file": lambda _, person: f"{fold(person.family)}_{fold(person.given)}.pdf".replace(" ", "_"),
    "other mail": lambda _, person: f"{person.email.split('@')[0].rstrip('0123456789')}@home.example.net",
    "line end": lambda _, person: f"{person.given}\n    {person.family}",
}
EXACT: Final[dict[str, Form]] = {
    "email": lambda _, person: person.email,
    "email capitals": lambda _, person: person.email.upper(),
    "phone": lambda _, person: person.phone,
    "phone national": lambda _, person: f"0{_national(person)}",
    "phone 0049": lambda _, person: f"0049 {_national(person)}",
    "phone grouped": lambda _, person: f"(0{_national(person)[:2]}) {_national(person)[3:6]}-{_national(person)[6:]}",
    "phone joined": lambda _, person: f"+49{_national(person).replace(' ', '')}",
    "staff number": lambda _, person: person.staff_number,
    "staff number joined": lambda _, person: person.staff_number.replace("-", "").lower(),
    "staff number spaced": lambda _, person: person.staff_number.replace("-", " "),
    "name as given": lambda _, person: person.name,
}

_BEFORE: Final = (
    "The report of last spring names ", "On Tuesday we heard that ", "A note in the margin says ", "It was signed by ",
    "According to the minutes, ", "For the second time this year ", "Nobody but ", "In the photograph, left: ",
    "The ledger of the canteen lists ", "Keys were given to ",
)  # fmt: skip
_AFTER: Final = (
    " had asked for a quieter room.", " was seen near the loading dock.", " wants the battery replaced.",
    " is on the list for the spring course.", " left a coat behind.", " returned the borrowed drill.",
    " spoke for the night shift.", " received the second parcel.",
)  # fmt: skip
_OTHER: Final = (
    "Deliveries arrive at the south gate between six and nine.", "The pump was serviced and sealed again.",
    "Two pallets of filters remain in hall four.", "Temperature stayed below the limit all week.",
    "Lunch is served from eleven; the terrace opens in April.", "See table 4471 for torque values in newton metres.",
    "The young cook set a wise price for the winter day.", "A long, sharp stone rose from the marsh by the hill.",
    "The Berlin office moves to Lincoln Street in May.", "Will the bill be paid by the baker, the mason or the hunter?",
    "Rivers and Waters is the title of the exhibition in Paris.", "Strong frost, small snow, short day: it is winter.",
    "Order 0301234567 is closed, order E-90001 is open.", "Write to info@example.org or call the desk on 0800 000 000.",
)  # fmt: skip
_UNNAMED: Final = (
    "The new colleague on the second floor asked for a standing desk.", "Whoever took the drill should bring it back.",
    "She was the first to notice the leak and stayed until midnight.",
)  # fmt: skip


def documents(population: Sequence[Invented], seed: int = 2) -> list[Written]:
    """For each person two that are linked, two with exact identifiers, three with names, and some with neither; sixty
    minutes of meetings that name four people each; a hundred that name nobody.
    """
    rng = random.Random(seed)
    made: list[Written] = []
    for person in population:
        made += [_linked(rng, person) for _ in range(2)]
        made += [_with(rng, Group.EXACT, EXACT, [person]) for _ in range(2)]
        made += [_with(rng, Group.NAMES, _forms_of(person), [person]) for _ in range(3)]
        if person.number % 2:
            made.append(Written(Group.NEITHER, _around(rng, rng.choice(_UNNAMED))))
    for _ in range(60):
        made.append(_with(rng, Group.NAMES, {"name": NAMES["name"]}, rng.sample(list(population), 4)))
    made += [Written(Group.FILLER, " ".join(rng.sample(_OTHER, 4))) for _ in range(100)]
    return made


def _forms_of(person: Invented) -> dict[str, Form]:
    """A typo in a short name makes another name, which nobody can tell from it."""
    longest = max(len(word) for word in person.name.split())
    return NAMES if longest >= 6 else {form: make for form, make in NAMES.items() if form != "typo"}


def _with(rng: random.Random, group: Group, forms: dict[str, Form], named: Sequence[Invented]) -> Written:
    draft = _Draft()
    for person in named:
        form = rng.choice(list(forms))
        draft.say(f"{rng.choice(_OTHER)} {rng.choice(_BEFORE)}")
        draft.mean(person, form, forms[form](rng, person))
        draft.say(f"{rng.choice(_AFTER)} ")
    draft.say(rng.choice(_OTHER))
    return Written(group, draft.text, tuple(draft.truths))


def _linked(rng: random.Random, person: Invented) -> Written:
    return Written(Group.LINKED, _around(rng, rng.choice(_UNNAMED)), (), (person.number,))


def _around(rng: random.Random, words: str) -> str:
    return f"{rng.choice(_OTHER)} {words} {rng.choice(_OTHER)}"


def _national(person: Invented) -> str:
    return person.phone.removeprefix("+49 ").removeprefix("0")
