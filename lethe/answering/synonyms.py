"""The words by which `same_question` tells what matters in a question from what does not. English."""

import re
from typing import Final

from lethe.answering.words import stem


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


ARTICLES: Final = _words("a an the this that these those there here please also just really actually exactly")
LINKS: Final = _words("of and as which that who than then")
"""Small words between phrases. Which one it is matters little; those that turn a question around are TURNS."""

AUXILIARIES: Final = {
    word: told
    for told, these in {
        "": "do does",
        "be": "is are am be being",
        "been": "been",
        "have": "has have",
        "will": "will would shall",
        "was": "was were",
        "did": "did",
        "had": "had",
    }.items()
    for word in these.split()
}
"""What tells the tense and the voice: "who insures" is not "who is insured", "who is" is not "who will be"."""

_KINDS: Final = {
    "who": "who whom",
    "whose": "whose",
    "when": "when",
    "where": "where",
    "why": "why",
    "how many": "howmany",
    "how": "how",
    "what": "what which",
}
KINDS: Final = {word: kind for kind, these in _KINDS.items() for word in these.split()}


def _by_first(groups: tuple[str, ...]) -> dict[str, str]:
    """Each word's group, named by its first word."""
    return {word: group.split()[0] for group in groups for word in group.split()}


DENIALS: Final = _by_first((
    "not no cannot", "never", "none", "neither", "nor", "without", "nothing", "nobody", "nowhere",
    "except excluding", "non", "unless", "hardly",
))  # fmt: skip
PREPOSITIONS: Final = _by_first((
    "to", "by", "for", "with", "on", "in", "at", "from", "into", "onto", "via", "before prior", "after following",
    "until till", "since", "above over", "below under beneath", "between", "against", "during", "inside within",
    "outside", "about", "through", "across", "behind", "per", "versus vs",
))  # fmt: skip
"""They begin a phrase, as LINKS do; which one it is says who does what to whom, where and when."""
TURNS: Final = PREPOSITIONS | _by_first((
    "can could may might", "must need required", "should ought", "earlier", "later", "more", "most", "less fewer",
    "least fewest", "first", "last", "next", "previous former", "current", "all", "every", "each", "any", "some",
    "only", "both", "either", "other another", "same", "different", "up", "down", "off", "out", "still", "already",
    "again", "yet", "instead", "because", "if whether", "while", "always", "often", "rarely", "almost",
    "i we", "me us", "my our", "mine ours", "you", "your", "yours", "he", "him", "his", "she", "her", "hers",
    "they", "them", "their", "theirs", "it", "its",
))  # fmt: skip
"""Words that turn a question around: "before", "from", "more", "only". The words of a group mean the same."""

_DATES: Final = """
    january jan|february feb|march mar|april apr|may|june jun|july jul|august aug|september sept sep|october oct
    |november nov|december dec|monday mon|tuesday tue|wednesday wed|thursday thu|friday fri|saturday sat|sunday sun
    |today|tomorrow|yesterday|tonight|now currently|spring|summer|autumn fall|winter|morning|noon|afternoon|evening
    |night|midnight|weekend|weekday|daily|weekly|monthly|quarterly|yearly annually|hourly
"""
DATES: Final = {
    word: group.split()[0] for group in _DATES.split("|") for word in group.split() if word not in {"may", "mar", "sun"}
}

_COUNTED: Final = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
    " eighteen nineteen twenty"
)
NUMERALS: Final = {
    # "One" is a pronoun more often than a number.
    word: str(value)
    for value, word in enumerate(_COUNTED.split())
    if value != 1
} | {
    "thirty": "30", "forty": "40", "fifty": "50", "sixty": "60", "seventy": "70", "eighty": "80", "ninety": "90",
    "hundred": "100", "thousand": "1000", "million": "1000000", "billion": "1000000000", "dozen": "12", "half": "1/2",
    "second": "2th", "third": "3th", "fourth": "4th", "fifth": "5th", "sixth": "6th", "seventh": "7th", "eighth": "8th",
    "ninth": "9th", "tenth": "10th", "percent": "%", "twice": "2x", "once": "1x", "quarter": "1/4",
}  # fmt: skip

CONTRACTIONS: Final = tuple(
    (re.compile(pattern, re.IGNORECASE), plain)
    for pattern, plain in (
        (r"\bcan['’]t\b", "can not"),
        (r"\bcannot\b", "can not"),
        (r"\bwon['’]t\b", "will not"),
        (r"n['’]t\b", " not"),
        (r"\b(what|who|where|when|how|why|there|that|it|which)['’]s\b", r"\1 is"),
        (r"['’](?:re)\b", " are"),
        (r"['’](?:ve)\b", " have"),
        (r"['’](?:ll)\b", " will"),
        (r"\bi['’]m\b", "i am"),
        (r"['’]s\b|(?<=s)['’](?=\s)", ""),
    )
)
"""What is left of an 's is a possessive: "the tower's height"."""

PHRASES: Final = tuple(
    (re.compile(rf"\b(?:{pattern})\b", re.IGNORECASE), plain)
    for pattern, plain in (
        (r"(?:at )?what time|(?:on )?(?:what|which) (?:date|day)", "when"),
        (r"(?:in |at )?(?:what|which) (?:place|location)", "where"),
        (r"for what reason|what is the reason(?: why| that)?|how come|what for", "why"),
        (r"how (?:many|much)|what (?:number|amount|quantity) of|what is the (?:number|amount|quantity) of", "howmany"),
        (r"how long|what length of time", "how long"),
        (r"in what (?:way|manner)|what is the (?:way|best way|procedure|process) to", "how"),
        (r"how (?:can|do|should) (?:i|we|one)|how to", "how"),
        (r"is it (?:possible|allowed|permitted) to|(?:am i|are we) (?:allowed|permitted|able) to", "can i"),
        (r"(?:can|may) (?:i|we|one)", "can i"),
        (r"(?:do|does) (?:i|we|one) (?:need|have) to|must (?:i|we|one)", "must i"),
        (r"(?:am i|are we) (?:required|obliged) to", "must i"),
        (r"what does (.+?) (?:mean|stand for)", r"what is the meaning of \1"),
    )
)  # fmt: skip

DERIVED: Final = re.compile(
    r"(?:er|or|ee|ion|ment|al|it(?:y|ie)|ous|ive|ist|ism|[ae]nce|[ae]nc(?:y|ie)|[ae]nt|[ai]ble|ate|ful|less|ness|ly|ing(?=s))(?=s?$)"
)
"""An ending that makes another word, which the stem forgets: an organ is no organisation, business is not busy."""

_GROUPS: Final = """
    begin start commence|end finish|buy purchase|big large|small little|tall high height|quick fast rapid
    |holiday vacation|car automobile|doctor physician|help assist|employee staff|company firm business
    |cost price|repair fix mend|show display|choose select pick|get obtain receive|build construct erect
    |allow permit|need require|rule regulation|error mistake|answer reply respond|ask inquire enquire
    |near close|phone telephone|photo photograph picture|lawyer attorney|film movie|flat apartment|lift elevator
    |happen occur|submit hand send|delete remove erase|change modify alter|create make|keep retain store
    |document file|mail email|salary wage pay|boss manager supervisor|client customer|bill invoice
    |maximum max|minimum min|information info|telephone phone|reach contact|locate situate find|cease stop
    |annual yearly|sufficient enough|wrong incorrect|correct right|difficult hard|easy simple|hire employ recruit
"""
_DOUBTFUL: Final = frozenset({"right", "hard", "close", "hand", "find", "pay", "store", "make", "little", "staff"})
"""Of more than one meaning: left out."""
SYNONYMS: Final = {
    form: group.split()[0]
    for group in _GROUPS.split("|")
    for word in group.split()
    if word not in _DOUBTFUL
    for form in ((word,) if DERIVED.search(word) else (word, stem("en", word)))
}
"""By word and, if it is not derived from another, by stem: the first word of its group."""
