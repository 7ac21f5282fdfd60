"""Politeness around a question, in a few languages: what says nothing of what is asked, and so may be left out.

Kept so narrow that leaving it out changes no answer: the cache takes two questions that differ in nothing else for one,
so whoever changes a rule here changes lethe.answering.wording.WORDING_REVISION.
"""

import re
from typing import Final

_GREETINGS: Final = r"""
    (?:hi|hello|hey|dear|good\ (?:morning|afternoon|evening))(?:\ (?:there|everyone|team|all))?
    |excuse\ me|sorry|so|well|okay?|thanks|thank\ you|quick\ question|one\ question|i\ have\ a\ question
    |just\ wondering|any\ idea|(?:hallo|guten\ (?:tag|morgen|abend))(?:\ zusammen)?
    |hola|buen[oa]s\ (?:días|tardes|noches)|bonjour|bonsoir|salut
"""
"""Taken off only before a mark or a question word: "Hello Kitty" and "well water" are no greetings."""
_REQUESTS: Final = r"""
    please|pls|plz|kindly|bitte|por\ favor
    |(?:please\ )?(?:can|could|would|will)\ (?:you|u|someone|anyone|anybody)(?:\ (?:please|kindly))?
        \ (?:(?:tell|show|give|explain\ to|say\ to)\ (?:me|us)|let\ (?:me|us)\ know|say|explain|clarify)
    |do(?:es)?\ (?:you|anyone|anybody|someone)(?:\ happen\ to)?\ know
    |(?:tell|remind|show|give)\ (?:me|us)|let\ (?:me|us)\ know|explain\ to\ (?:me|us)|help\ (?:me|us)\ understand
    |i(?:\ would|['’]d)?\ (?:want|like|need|love|wish)\ to\ (?:know|find\ out|learn|understand|ask)
    |i(?:['’]m|\ am|\ was|\ have\ been)(?:\ just)?\ (?:wondering|curious|trying\ to\ find\ out)|i\ wonder|may\ i\ ask
    |do\ you\ have\ an(?:y)?\ idea
    |(?:kannst|könntest)\ du(?:\ (?:mir|uns))?(?:\ bitte)?\ (?:sagen|erklären|zeigen|verraten)
    |(?:können|könnten)\ sie(?:\ (?:mir|uns))?(?:\ bitte)?\ (?:sagen|erklären|zeigen|verraten)
    |ich\ (?:möchte|würde\ gerne?|will)\ wissen|wei(?:ß|ss)t\ du|wissen\ sie|(?:sag|zeig)(?:en\ sie)?\ (?:mir|uns)
    |(?:(?:me|nos)\ )?(?:puedes|puede|podrías|podría)\ (?:decir|explicar|mostrar)(?:me|nos)?|quisiera\ saber|dime
    |(?:peux|pourrais)[-\ ]tu\ (?:me|nous)\ (?:dire|expliquer|montrer)
    |(?:pouvez|pourriez)[-\ ]vous\ (?:me|nous)\ (?:dire|expliquer|montrer)|j['’]aimerais\ savoir
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
    (?:please|pls|plz|(?:many\ )?thanks|thank\ you|bitte|danke|(?:vielen|besten)\ dank|por\ favor|(?:muchas\ )?gracias
      |s['’]il\ (?:te|vous)\ pla[iî]t|merci)
    (?:\ (?:very\ much|so\ much|a\ lot|in\ advance|im\ voraus|de\ antemano|beaucoup|d['’]avance))?[\s!.?]*$""",
    re.IGNORECASE | re.VERBOSE,
)


def without_politeness(question: str) -> str:
    """The question without greeting, politeness and thanks around it; whole if nothing else would be left."""
    return _AFTER.sub("", _BEFORE.sub("", question.strip())).strip() or question.strip()
