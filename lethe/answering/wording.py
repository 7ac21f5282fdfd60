"""A question without what says nothing of what is asked: politeness, case, white space, closing marks.

Only what cannot change the answer goes. An acronym keeps its case ("Who works in IT?"), and so does every mark inside
or before a word that may mean something (X-900, -5, .NET, C++).
"""

import re
import unicodedata
from typing import Final

WORDING_REVISION: Final = "wording-1"
"""Part of every cache key: a changed rule finds no answer of the old one."""

_OPENING: Final = "\"'`“”„‘’«»([{¿¡"
_CLOSING: Final = "\"'`“”‘’«»)]}?!.,;:…"

_GREETINGS: Final = r"""
    (?:hi|hello|hey|good\ (?:morning|afternoon|evening))(?:\ (?:there|everyone|team|all))?
    |excuse\ me|sorry|so|well|okay?|thanks|thank\ you|quick\ question|one\ question|i\ have\ a\ question
    |just\ wondering|any\ idea|hallo|guten\ (?:tag|morgen|abend)|hola|buenos\ días|bonjour|salut
"""
"""Taken off only before a mark or a question word: "Hello Kitty" and "well water" are no greetings."""
_REQUESTS: Final = r"""
    please|pls|plz|kindly|bitte|por\ favor
    |(?:please\ )?(?:can|could|would|will)\ (?:you|u|someone|anyone|anybody)(?:\ (?:please|kindly))?
        \ (?:(?:tell|explain\ to|say\ to)\ (?:me|us)|let\ (?:me|us)\ know|say|explain|clarify)
    |do(?:es)?\ (?:you|anyone|anybody|someone)(?:\ happen\ to)?\ know
    |(?:tell|remind)\ (?:me|us)|let\ me\ know
    |i(?:\ would|['’]d)?\ (?:want|like|need|love|wish)\ to\ (?:know|find\ out|learn|understand|ask)
    |i(?:['’]m|\ am|\ was|\ have\ been)(?:\ just)?\ (?:wondering|curious|trying\ to\ find\ out)|i\ wonder|may\ i\ ask
    |do\ you\ have\ an(?:y)?\ idea
    |(?:kannst|könntest)\ du(?:\ (?:mir|uns))?(?:\ bitte)?\ (?:sagen|erklären|verraten)
    |(?:können|könnten)\ sie(?:\ (?:mir|uns))?(?:\ bitte)?\ (?:sagen|erklären|verraten)
    |ich\ (?:möchte|würde\ gerne?|will)\ wissen|wei(?:ß|ss)t\ du|wissen\ sie|sag(?:en\ sie)?\ mir
    |(?:me\ )?(?:puedes|puede|podrías|podría)\ decir(?:me)?|quisiera\ saber|dime
    |(?:peux-tu|pouvez-vous|pourriez-vous)\ me\ dire|j['’]aimerais\ savoir
    |di(?:s|tes)-moi|s['’]il\ (?:te|vous)\ pla[iî]t
"""
_ASKING: Final = r"""
    (?:what|how|when|where|who|whose|whom|why|which|if|whether|is|are|was|were|do|does|did|can|could|will|would|should
    |was|wie|wann|wo|wer|warum|welche[rsnm]?|ist|sind|qué|cuándo|dónde|quién|cómo|que|quand|où|qui|comment)\b
"""
_BEFORE: Final = re.compile(
    rf"^(?:(?:{_GREETINGS})(?:[,;:!.…]+\s+|\s+[—–-]\s+|\s+(?={_ASKING}|(?:{_REQUESTS})\b))|(?:{_REQUESTS})[,;:…]?\s+)+(?=\S)",
    re.IGNORECASE | re.VERBOSE,
)
_AFTER: Final = re.compile(
    r"""(?<=\S)[,;:!.?…]*\s+(?:[—–-]\s+)?
    (?:please|pls|plz|thanks|thank\ you|bitte|danke|por\ favor|gracias|s['’]il\ (?:te|vous)\ pla[iî]t|merci)
    (?:\ (?:very\ much|so\ much|a\ lot|in\ advance|im\ voraus))?[\s!.?]*$""",
    re.IGNORECASE | re.VERBOSE,
)


def without_fillers(question: str) -> str:
    """The question without greeting, politeness and thanks around it; whole if nothing else would be left."""
    return _AFTER.sub("", _BEFORE.sub("", question.strip())).strip() or question.strip()


def plain_wording(question: str) -> str:
    """Equal for two questions that differ in nothing that is asked."""
    words = without_fillers(unicodedata.normalize("NFKC", question)).split()
    is_shouted = not any(word != word.upper() for word in words)
    bare = (_bare(word) for word in words)
    return " ".join(word if _is_acronym(word) and not is_shouted else word.casefold() for word in bare if word)


def _bare(word: str) -> str:
    return word.lstrip(_OPENING).rstrip(_CLOSING)


def _is_acronym(word: str) -> bool:
    return len(word) > 1 and word.isalpha() and word.isupper()
