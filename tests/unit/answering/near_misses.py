"""Pairs of questions that differ in one thing that matters, made from templates: all of them have other answers."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

SEED: Final = 20261121


@dataclass(frozen=True, slots=True)
class Pair:
    kind: str
    one: str
    other: str


_NAMES: Final = (
    "Varnholm", "Arendal", "Bergen", "Oslo", "Anna Berg", "Anna Bergh", "Jon Dahl", "Acme", "Acme Marine", "Borealis",
    "Heron 4", "Heron 5", "IT", "HR", "SAP", "SQL", "Europe", "Asia", "North Pier", "South Pier",
)  # fmt: skip
_OF_NAMES: Final = (
    "Who is responsible for {}?",
    "What is the deadline for submitting the travel expense report of {} to the finance department?",
    "When was the contract with {} signed by the board of the port authority?",
    "how much did {} pay for the new crane in the last financial year",
    "Please tell me where the archive of {} is kept.",
)
_NUMBERS: Final = (
    ("2023", "2024"), ("3", "4"), ("12", "21"), ("1,000", "10,000"), ("5 %", "15 %"), ("X-900", "X-800"),
    ("two", "three"), ("1.5", "15"), ("v2.1", "v2.2"), ("first", "second"), ("B-12", "B-13"), ("-5", "5"),
)  # fmt: skip
_OF_NUMBERS: Final = (
    "What is the fee for {} parcels sent abroad by a registered customer?",
    "How many of the ships of {} were lost in the storm?",
    "Who wrote chapter {} of the handbook?",
    "Does rule {} of the harbour regulations apply to sailing boats without an engine?",
    "What changed in {}?",
)
_DATES: Final = (
    ("Monday", "Tuesday"), ("1 May", "2 May"), ("May 2023", "June 2023"), ("today", "tomorrow"), ("March", "April"),
    ("2024-05-03", "2024-03-05"), ("summer", "winter"), ("the morning", "the evening"), ("last week", "next week"),
    ("10:00", "22:00"), ("this year", "last year"), ("before Easter", "after Easter"),
)  # fmt: skip
_OF_DATES: Final = (
    "Which berths are free on {} for a ship of forty metres?",
    "Who is on duty {}?",
    "Is the canteen open {} for visitors of the museum?",
    "how long does the ferry take {}",
    "What was said about {} in the minutes of the safety committee?",
)
_DENIED: Final = (
    ("Who may enter the boiler room?", "Who may not enter the boiler room?"),
    ("Which employees are entitled to a bonus?", "Which employees are not entitled to a bonus?"),
    ("Can visitors use the gym?", "Can't visitors use the gym?"),
    ("What is covered by the travel insurance?", "What isn't covered by the travel insurance?"),
    ("Which goods need a permit?", "Which goods never need a permit?"),
    ("Is smoking allowed with a permit?", "Is smoking allowed without a permit?"),
    ("Which rooms have a window?", "Which rooms have no window?"),
    ("Who has to pay the fee?", "Who does not have to pay the fee?"),
    ("Does the warranty cover water damage?", "Doesn't the warranty cover water damage?"),
    ("Which tests are required?", "Which tests are not required?"),
    ("Which days are included?", "Which days are included except Sundays?"),
    ("What should I do when the alarm rings?", "What should I not do when the alarm rings?"),
    ("Why was the ferry cancelled?", "Why was the ferry not cancelled?"),
    ("Which of the contracts were renewed?", "None of the contracts were renewed?"),
    ("Who can sign the form?", "Who cannot sign the form?"),
    ("Is the pier lit at night?", "Is the pier never lit at night?"),
)
_TURNED: Final = (
    ("What is the maximum load of the crane?", "What is the minimum load of the crane?"),
    ("How do I enable the alarm?", "How do I disable the alarm?"),
    ("When was the bridge opened?", "When was the bridge closed?"),
    ("Who buys the fish of the cooperative?", "Who sells the fish of the cooperative?"),
    ("Which duties apply to imports?", "Which duties apply to exports?"),
    ("What must be done before the inspection?", "What must be done after the inspection?"),
    ("Which flights go from Oslo to Bergen?", "Which flights go from Bergen to Oslo?"),
    ("Did Anna report Jon to the board?", "Did Jon report Anna to the board?"),
    ("Who is the manager of the owner?", "Who is the owner of the manager?"),
    ("Which boats are longer than ten metres?", "Which boats are shorter than ten metres?"),
    ("What costs more than the ticket?", "What costs less than the ticket?"),
    ("When did the strike begin?", "When did the strike end?"),
    ("When was the museum founded?", "Where was the museum founded?"),
    ("Who founded the museum?", "Why was the museum founded?"),
    ("Who is the harbour master?", "Who was the harbour master?"),
    ("How many cranes are there?", "How old are the cranes?"),
    ("Can I cancel the order?", "Must I cancel the order?"),
    ("Who works in IT?", "Who works in it?"),
    ("What is the length in metres?", "What is the length in feet?"),
    ("Do dogs chase cats?", "Do cats chase dogs?"),
    ("Which fees went up?", "Which fees went down?"),
    ("Are tea and coffee free?", "Are tea or coffee free?"),
    ("How much is sick leave?", "How much is parental leave?"),
    ("What is the gross salary?", "What is the net salary?"),
    ("What is my deadline?", "What is your deadline?"),
    ("Which doors open inwards?", "Which doors open outwards?"),
    ("Is the monthly report public?", "Is the weekly report public?"),
    ("Who are all members?", "Who are some members?"),
    ("What does the supplier owe the customer?", "What does the customer owe the supplier?"),
    ("When is the first ferry?", "When is the last ferry?"),
)
_PLACED: Final = (
    ("Is smoking allowed inside the building?", "Is smoking allowed outside the building?"),
    ("Is the store within the walls?", "Is the store outside the walls?"),
    ("What did the board decide since May?", "What did the board decide above May?"),
    ("Which pipes run above the deck?", "Which pipes run since the deck?"),
    ("What is the book about?", "What is the book through?"),
    ("Which trains run before 9 and after 17?", "Which trains run after 9 and before 17?"),
    ("Which ferry goes from Oslo to Bergen?", "Which ferry goes to Oslo from Bergen?"),
    ("Which reports were sent to the board?", "Which reports were sent by the board?"),
    ("Which fees are paid by tenants?", "Which fees are paid for tenants?"),
    ("Who works with Anna?", "Who works for Anna?"),
    ("Who is on the ship?", "Who is at the ship?"),
    ("Is the crate in the hold?", "Is the crate on the hold?"),
    ("Who may enter and who may not leave?", "Who may not enter and who may leave?"),
    ("Are ships without pilots not insured?", "Are ships not insured without pilots?"),
    ("Which ships never carry oil and carry gas?", "Which ships carry oil and never carry gas?"),
    ("Who trusts nobody?", "Who trusts nothing?"),
    ("Do all members vote on every motion?", "Do every members vote on all motion?"),
    ("Is every member told?", "Is all member told?"),
    ("Must each crew sign all forms?", "Must all crew sign each forms?"),
    ("Does more rain mean less wind?", "Does less rain mean more wind?"),
    ("Is the first floor above the last gate?", "Is the last floor above the first gate?"),
    ("Do only members pay some fees?", "Do some members pay only fees?"),
    ("Did he call her before lunch?", "Did her call he before lunch?"),
    ("Must visitors register?", "Should visitors register?"),
    ("Who do I pay?", "Who pays me?"),
    ("Who can I sue?", "Who can sue?"),
    ("Who insures the cargo?", "Who is insured the cargo?"),
    ("Which firms audit?", "Which firms are audited?"),
    ("Who is the chair?", "Who will be the chair?"),
    ("Who is the chair?", "Who has been the chair?"),
    ("Did the talk on Monday follow the visit on Friday?", "Did the visit on Monday follow the talk on Friday?"),
    ("Did the Monday meeting move the talk?", "Did the meeting move the Monday talk?"),
    ("Who checks the organ?", "Who checks the organisation?"),
    ("What does the manager cost?", "What does the manage cost?"),
    ("Which business rules?", "Which busy rules?"),
    ("What are the headings?", "What are the heads?"),
    ("Who is the receiver?", "Who is the obtain?"),
    ("What does the employer owe?", "What does the employee owe?"),
    ("Is it sold if it is damaged?", "Is it sold and it is damaged?"),
    ("Which ships carry 5 % of the freight?", "Which ships carry 5 of the freight?"),
    ("Whose boss is Anna?", "Who is boss Anna?"),
)
"""The same words in other places, and small words that say who does what to whom."""


def near_misses() -> list[Pair]:
    """Every template with every change, in an order that does not matter."""
    pairs = [*_names(), *_swapped("number", _OF_NUMBERS, _NUMBERS), *_swapped("date", _OF_DATES, _DATES)]
    pairs += [Pair("negation", *pair) for pair in _DENIED] + [Pair("turned", *pair) for pair in _TURNED]
    pairs += [Pair("placed", *pair) for pair in _PLACED]
    random.Random(SEED).shuffle(pairs)
    return pairs


def _names() -> Iterator[Pair]:
    for template in _OF_NAMES:
        for one, other in pairwise(_NAMES):
            yield Pair("name", template.format(one), template.format(other))


def _swapped(kind: str, templates: tuple[str, ...], changes: tuple[tuple[str, str], ...]) -> Iterator[Pair]:
    for template in templates:
        for one, other in changes:
            yield Pair(kind, template.format(one), template.format(other))
