"""Three hundred invented people. Any likeness with somebody is chance."""

import random
from dataclasses import dataclass
from typing import Final

from lethe.model.documents import SubjectMention
from lethe.privacy.discovery.folding import fold

COUNT: Final = 300

_GIVEN: Final = (
    "Maria", "Anna", "Jonas", "Lukas", "Sofia", "Emma", "Noah", "Oliver", "Amelia", "Priya", "Rajesh", "Wei", "Yuki",
    "Fatima", "Omar", "Chidi", "Ngozi", "Lars", "Ingrid", "Björn", "Zoë", "François", "Amélie", "Jürgen", "Käthe",
    "Łucja", "Paweł", "Agnieszka", "João", "Inês", "Íñigo", "Begoña", "Çağla", "Ömer", "Siobhán", "Pádraig", "Mark",
    "Rose", "April", "May", "Grace", "Will", "Bill", "Faith", "Frank", "Rich", "Jack", "Olive", "Iris", "Victor",
    "Paris", "Florence", "Chelsea", "Austin", "Dominic", "Beatriz", "Giulia", "Matteo", "Dimitri", "Svetlana",
    "Henrik", "Astrid", "Tomasz", "Elżbieta", "Hélène", "Renée", "Andrés", "Nuño",
)  # fmt: skip
_FAMILY: Final = (
    "Schmidt", "Müller", "Weber", "Lindqvist", "Åkesson", "Øverland", "Sørensen", "Nowak", "Wiśniewska", "Dąbrowski",
    "García", "Fernández", "Muñoz", "Peña", "O'Brien", "O'Sullivan", "McCarthy", "Nguyen", "Tanaka", "Okafor",
    "Adeyemi", "Haddad", "Petrov", "Ivanova", "Rossi", "Bianchi", "Moreau", "Lefèvre", "Dubois", "Baker", "Stone",
    "Hill", "Rose", "Field", "Young", "Brook", "Banks", "Bishop", "Carter", "Cook", "Fisher", "Hunter", "Mason",
    "Paris", "London", "Berlin", "Lincoln", "Wood", "Snow", "Winter", "Summers", "May", "Day", "Price", "Rich",
    "Strong", "Small", "Long", "Short", "Wise", "Sharp", "Swift", "Marsh", "Forest", "Rivers", "Waters", "Hofstadter",
    "Breitenbach", "Kowalczyk", "Papadopoulos", "Castellanos", "Montgomery", "Featherstone", "Abernathy",
    "Quintanilla", "Rasmussen", "Vandermeer", "Lichtenberg", "Oyelaran", "Chatterjee", "Balasubramanian", "Zimmermann",
    "Hernandez", "Christiansen", "Gustafsson", "Yamamoto",
)  # fmt: skip
_PARTICLES: Final = ("van der Berg", "von Hohenfels", "de la Cruz", "dos Santos", "Schmidt-Weber", "García-Peña")


@dataclass(frozen=True, slots=True)
class Invented:
    """``number`` is the person's place in the population."""

    number: int
    given: str
    family: str
    email: str
    phone: str
    staff_number: str

    @property
    def name(self) -> str:
        return f"{self.given} {self.family}"

    @property
    def identifiers(self) -> list[SubjectMention]:
        """What a request to erase the person names."""
        return [
            SubjectMention("name", self.name),
            SubjectMention("email", self.email),
            SubjectMention("phone", self.phone),
            SubjectMention("staff_number", self.staff_number),
        ]


def people(seed: int = 1) -> list[Invented]:
    """Families share names, one name stands inside another, and many names are words or places too."""
    rng = random.Random(seed)
    names: dict[tuple[str, str], None] = {}
    for number in range(20):
        # One person's name inside another's: before it, behind it, and joined to it.
        given, family = _GIVEN[number], _FAMILY[number]
        names |= dict.fromkeys([(given, family), (f"Anneliese {given}", family), (given, f"{family}-Zimmer")])
    while len(names) < COUNT:
        family = rng.choice(_PARTICLES) if rng.random() < 0.08 else rng.choice(_FAMILY)
        names[rng.choice(_GIVEN), family] = None
    return [_invented(rng, number, given, family) for number, (given, family) in enumerate(names)]


def _invented(rng: random.Random, number: int, given: str, family: str) -> Invented:
    local = f"{fold(given)}.{fold(family)}".replace(" ", "").replace("'", "")
    domain = rng.choice(("example.org", "example.com", "mail.example.net", "works.example.co.uk"))
    area, line = rng.randint(20, 99), rng.randint(1_000_000, 9_999_999)
    # Every third is written without the country's code.
    phone = f"0{area} {line}" if number % 3 == 0 else f"+49 {area} {line}"
    return Invented(number, given, family, f"{local}{number}@{domain}", phone, f"E-{10_000 + 7 * number}")
