"""What an attack on a language model looks like, as patterns over `comparable` text.

Written from half of the families of a public set of attacks, and from what is common knowledge; never from the other
half, on which they are measured (`make bench-guards`). A pattern spans a few words, so that a long text is not
judged by words that have nothing to do with each other.
"""

# ruff: noqa: E501 (patterns are read by their alternatives, a line each)

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Sign(StrEnum):
    """One way in which a text looks like an attack; kept with scores, so it never quotes the text."""

    OVERRIDE = "override"
    UNBOUND = "unbound"
    ROLE = "role"
    REVEAL = "reveal"
    FORGED = "forged"
    SEND = "send"
    INSERT = "insert"
    EVADE = "evade"
    TOLD = "told"
    ADDRESSED = "addressed"
    HIDDEN = "hidden"
    KNOWN = "known"
    TASK = "task"


@dataclass(frozen=True, slots=True)
class Rule:
    """``hints``: one of them is in every text that matches, so that most texts cost no regular expression.

    ``in_question``, ``in_passage``: how sure a match makes it, 0..1. A person may say "from now on" to an assistant;
    a document has no business to.
    """

    sign: Sign
    hints: tuple[str, ...]
    pattern: re.Pattern[str]
    in_question: float
    in_passage: float


_ORDERS: Final = (
    r"(?:instruction|instrution|instuction|prompt|rule|guideline|guidance|directive|direction|command|order|polic(?:y|ies)"
    r"|restriction|limitation|constraint|programming|safeguard|conversation|context|task)s?"
)
_FORMER: Final = (
    r"(?:previous(?:ly)?|prior|above|earlier|preceding|former|foregoing|initial|original|existing|current|system"
    r"|your|you|these|those|all|any|everything|given|last|past|other|my|our|the)"
)
_ASSISTANT: Final = r"(?:ai|a\.i\.|llm|gpt|chatgpt|assistant|chat ?bot|language model|ai model|copilot|gemini|claude)"


def _rule(sign: Sign, hints: str, pattern: str, in_question: float, in_passage: float) -> Rule:
    return Rule(sign, tuple(hints.split("|")), re.compile(pattern), in_question, in_passage)


RULES: Final = (
    _rule(
        Sign.OVERRIDE,
        "ignor|disregard|forget|forgot|overrid|bypass|neglect|discard|abandon|drop |erase|reset|attention|listen|follow|obey",
        r"\b(?:ignor(?:e|ing)|disregard(?:ing)?|forg[eo]t(?:ten|ting)?|overrid(?:e|ing)|bypass(?:ing)?|neglect|discard|abandon"
        r"|drop|erase|reset|pay no attention to|(?:do not|don't|dont|never|stop|no longer) (?:listen(?:ing)?(?: to)?"
        r"|follow(?:ing)?|obey(?:ing)?|adher\w+ to))"
        rf"(?: about| of| to)?(?: {_FORMER}| and| or| that)+(?: [\w'-]+){{0,3}} (?:{_ORDERS}|information)\b",
        0.9,
        0.95,
    ),
    _rule(
        Sign.OVERRIDE,
        "forget|ignore|disregard",
        r"\b(?:forget|ignore|disregard) (?:about )?(?:everything|all|anything|whatever)(?: that)?"
        r"(?: (?:was|is|has been|you|i|we|they|came|said|have|were|'ve|written|told|taught|learned|know|above|before|prior|else))+\b",
        0.8,
        0.9,
    ),
    _rule(
        Sign.OVERRIDE,
        "ignor|vergiss|olvida|oubli|dimentica|esque|игнор|забуд|忽略|无视|無視|忘记|이전|zignor|negeer|missacht",
        r"\b(?:ignorier\w*|vergiss|missachte\w*) .{0,30}(?:anweisung|instruktion|regel|vorgabe)"
        r"|\b(?:ignor[ae]\w*|olvid[ae]\w*|haz caso omiso) .{0,30}(?:instrucci|indicacion|regla|orden)"
        r"|\b(?:ignore[rz]?|oublie[rz]?) .{0,30}(?:instruction|consigne|règle|directive)s?"
        r"|\b(?:ignora\w*|dimentica\w*) .{0,30}(?:istruzion|regol)|\b(?:ignor[ae]\w*|esque[çc]a\w*) .{0,30}(?:instru[çc]|regras)"
        r"|(?:игнорир\w*|забуд\w*) .{0,30}(?:инструкц|указан|правил)|\bnegeer .{0,30}(?:instructie|regel)"
        r"|(?:忽略|无视|無視|忘记|忘記).{0,12}(?:指令|指示|提示|规则|規則)|이전.{0,12}(?:지시|명령).{0,8}무시",
        0.9,
        0.95,
    ),
    _rule(
        Sign.UNBOUND,
        "dan|jailb|do anything now|developer mode|antigpt|unrestrict|unfilter|uncensor|without |free of|free from|no |not |broken free"
        "|never |override|evil|rogue",
        r"\bdo anything now\b|\bjailbroken (?:ai|mode|model|gpt)\b|\b(?:developer|god|dan|debug|sudo|admin|unrestricted|unfiltered|jailbreak) mode"
        r" (?:enabled|on|activated)|\bin(?:to)? (?:developer|dan|god) mode\b|\bantigpt\b|\b(?:agent|called|named|as|like) d\.?a\.?n\b"
        rf"|\b(?:unrestricted|unfiltered|uncensored|amoral|rogue|evil|unethical) {_ASSISTANT}\b|\b{_ASSISTANT} without (?:ethic|moral|rule|restrict|limit|filter)",
        0.75,
        0.9,
    ),
    _rule(
        Sign.UNBOUND,
        "without |free of|free from|no |not |broken free|never |override",
        r"\b(?:no|without(?: any)?|free (?:of|from)(?: all| any)?|broken free (?:of|from)|not (?:bound|limited|restricted) by(?: any)?|override)"
        r"(?: the| typical| usual| all| any| moral| ethical)* (?:restrictions|limitations|rules|filters|moral\w*|ethic\w*|guidelines|censorship|confines|laws)"
        r"(?! of\b| for\b| on\b| in\b)|\bnever (?:refuse|deny|warn|obey)\w*\b.{0,30}\b(?:request|order|user|polic)",
        0.75,
        0.45,
    ),
    _rule(
        Sign.ROLE,
        "from now on|you are now|you're now|you are going to|you will be called|act as|pretend|roleplay|role-play|simulate|imagine you|you are special"
        "|you will act|new persona|stay in character|henceforth",
        r"\bfrom now on\b.{0,30}\b(?:you|your|respond|reply|answer|act|speak|always|only)\b|\bhenceforth,? you\b|\bstay in character\b"
        r"|\byou(?: are|'re| will be| shall be) (?:now |no longer |going to (?:act|pretend|immerse) |called |named |special agent)"
        r"|\bpretend (?:that )?(?:to have|you have|you are|you're|to be).{0,60}\b(?:forgotten|no|without|not|rules|hacker|hat|evil|secret|password|admin\w*|developer)\b"
        r"|\b(?:simulate|roleplay as|role-play as|immerse yourself in\w*)(?: \w+){0,5} (?:ai|gpt|unrestricted)\b|\bsimulate \w+ mode\b"
        r"|\bimagine you(?: are|'re) (?:an? )?(?:rogue|evil|unrestricted|unfiltered|jailbroken|hacker)",
        0.5,
        0.8,
    ),
    _rule(
        Sign.REVEAL,
        "prompt|instruction|password|secret|confidential|rules|guidelines|hidden",
        r"\b(?:reveal|print|show|repeat|output|display|disclose|leak|divulge|expose|recite|dump|give|tell|write|return|summari[sz]e|translate|spell|say|share|list|copy|quote)"
        r"(?: (?:out|me|us|back|all|of|the|your|exact|full|entire|complete|whole|initial|original|hidden|secret|verbatim|first|above|previous|system|to|what|is|are|every))*"
        r" (?:(?:system|initial|hidden|original|secret|first|developer|pre)[ -]?(?:prompt|instruction|message|rule|directive)s?"
        r"|(?:your|previous|prior|above|the) (?:system |initial |original |secret )?(?:prompt|instructions?|rules|guidelines|programming)\b"
        r"(?! (?:for|on|of|in|to|about|from|regarding|booklet|manual)\b)"
        r"|instructions (?:you were |you have been |that were |you've been )?given\b|instructions above|system prompt)",
        0.85,
        0.9,
    ),
    _rule(
        Sign.REVEAL,
        "password|passphrase|secret|key",
        r"\bwhat(?:'s| is| was| are)? (?:your |the )?(?:system prompt|secret (?:word|password|key|phrase|code)|hidden (?:word|prompt|message)"
        r"|word your|password\W*$|(?:initial|original) (?:prompt|instructions))"
        r"|\b(?:reveal|tell|give|say|spell|convey|leak|fetch|throw|print|share|output|know|disclose|send)\w*\b.{0,40}\b(?:secret (?:word|password|key|code|phrase)|the password\b(?! (?:policy|reset|manager|rules|field|length))|your password|secret\b.{0,12}\bpassword)"
        r"|\b(?:instructed|told|asked|programmed|supposed) (?:you )?(?:to )?(?:not|never) (?:to )?(?:reveal|share|say|tell|disclose)",
        0.7,
        0.8,
    ),
    _rule(
        Sign.FORGED,
        "<|im|[inst|[/inst|<<sys|<|system|### |system:|system message|assistant:|</|end of |begin |[system|{system|<system|###",
        r"<\|(?:im_start|im_end|system|user|assistant|endoftext|eot_id|start_header_id|end_header_id)\|?>|\[/?inst\]|<</?sys>>"
        r"|</?(?:system|context|passages?|documents?|sources?|instructions?|prompt|user_?(?:query|input|question)|retrieved\w*)(?: [^<>]{0,80})?>"
        r"|#{2,} ?(?:system|new|updated|assistant|human|user|end of|begin|instruction)s?\b(?: (?:prompt|message|instruction|instructions|of|context|document|user))*(?: ?:| ?#|$)"
        r"|(?:^|[\[({.!?\"] ?)(?:system|assistant|developer)(?: (?:message|prompt|note|instruction|override|update))?(?: ?\]| ?\))? ?: ?(?:you|ignore|the|this|new|from|do|always|never|please|override|disregard|answer|respond|reply|reveal|print)\b"
        r"|\b(?:end|begin(?:ning)?|start) of (?:the )?(?:system|context|document|passage|source|retrieved|user)(?:s|'s)? ?(?:prompt|message|instructions?|text|input|data|section)?\b ?[\]\-=*:.#>]",
        0.7,
        0.85,
    ),
    _rule(
        Sign.SEND,
        "http|www.|url|link|image|![|e-mail|email|curl|webhook|@",
        r"!\[[^\]]{0,80}\]\([^)]{0,200}(?:[?&=]|\{|\$|<|%7b)"
        r"|\b(?:send|post|forward|transmit|upload|exfiltrate|append|add|attach|include|embed|render|load|fetch|call|visit|open|request|display|insert)\b.{0,80}"
        r"\b(?:the (?:conversation|question|answer|context|secret|password|contents?|data|chat|user'?s?|api[ _-]?key|system prompt|history|documents?|passages?|results?|summary)|everything|it|them|this|all(?: of)?)\b.{0,60}"
        r"(?:https?:|www\.|\b(?:url|link|image|webhook|query string|parameter)\b|[\w.]+@[\w.]+)"
        r"|\b(?:https?://|www\.)\S{0,120}(?:[?&/=](?:\{|\[|<|\$|%7b|secret|data=|q=$|exfil|leak|steal))"
        r"|\b(?:image|link|url|pixel)\b.{0,60}\b(?:secret|password|api key|conversation|question|answer|context)\b.{0,40}\b(?:in|as|at|into) (?:the |its |a )?(?:url|query|parameter|path|end)\b",
        0.5,
        0.8,
    ),
    _rule(
        Sign.INSERT,
        "code|snippet|script",
        r"\b(?:includ|inclusion|incorporat|embed|integrat|add|insert|employ|utili[sz]|introduc|append|us|mak|paste|put|weav|inject|plac)(?:e|es|ing|ion|ding|ting|)?\b.{0,40}"
        r"\b(?:following|subsequent|below|this|given|next) (?:python |shell |java ?script |bash )?(?:code|snippet|script|program)(?: (?:snippet|block|section|excerpt|segment|fragment|piece))?\b.{0,60}"
        r"\b(?:your|codebase|implementation|solution|elucidation|explanation|answer|response|reply|algorithm|output)\b"
        r"|\b(?:your|codebase|implementation|solution) .{0,40}\b(?:following|subsequent|below) code\b",
        0.6,
        0.85,
    ),
    _rule(
        Sign.EVADE,
        "letter by letter|base64|base-64|rot13|hex|morse|backward|revers|detect|obfuscat|encod|cipher|character|bytes|monitor|spell|acrostic|without",
        r"\b(?:letter by letter|character by character|one (?:letter|character) at (?:a|the) time|characters? at the time)\b"
        r"|\b(?:avoid|evade|escape|bypass|without) (?:any |being )?(?:detect\w*|filters?|moderation|monitor\w*|censor\w*)\b"
        r"|\b(?:in an? )?obfuscated (?:way|form|manner)\b|\bwithout (?:explicitly|directly|literally) (?:including|saying|mentioning|revealing|writing|naming)\b"
        r"|\b(?:secret|password|prompt|instructions?|rules|response|reply|answer)\b.{0,40}\b(?:in|as|into|using|with) (?:base ?-?64|rot ?-?13|hex(?:adecimal)?|morse(?: code)?|reverse|bytes|binary|leet\w*|pig latin|an? (?:acrostic|cipher))\b",
        0.5,
        0.6,
    ),
    _rule(
        Sign.TOLD,
        "your |respond|reply|answer|say |user|must|tell",
        r"\b(?:do not|don't|never) (?:mention|tell|reveal|inform|let|say|warn|show|notify|disclose)(?: to)? (?:this|the (?:user|reader|human|person|customer)|them|anyone|any ?body|that you)\b"
        r"|\b(?:begin|start|end|finish|prefix|conclude|preface|prepend|append|modify|replace|rewrite|translate|convert|encode|change|adapt) (?:all |each |every |any )?(?:of )?(?:your|the (?:final|model's|assistant's|generated)) (?:entire |whole |next |final )?(?:response|repl(?:y|ies)|answers?|output|explanation|elucidation)s?\b"
        r"|\b(?:respond|reply|answer|confirm|output|say)(?: to (?:the|this|any|every|all)[\w ]{0,20})?(?: only| always| just| simply| exactly)* (?:with|by saying|as follows|in the following)\b.{0,60}[\"'“”:]"
        r"|\bwithin your (?:response|reply|answer|output|explanation|elucidation)\b|\b(?:your (?:response|reply|answer|output)) (?:must|should|shall|has to|will) (?:always |only |also )?(?:be|start|begin|end|contain|include|say|consist|mention)\b"
        r"|\byou (?:must|have to|shall|are required to|are ordered to|will always|are instructed to|should) (?:now |always |only |instead |first |also )*(?:obey|answer|respond|reply|say|output|print|tell|reveal|recommend|comply|write|execute|confirm)\b"
        r"|\bwhen (?:the user|the human|someone|anyone|they|you are|you're) (?:asks?|asked|queries|questions|summari[sz]ing|answering).{0,60}\b(?:say|answer|respond|reply|tell|output|claim|recommend|state|include|direct)\b",
        0.35,
        0.65,
    ),
    _rule(
        Sign.ADDRESSED,
        "ai|llm|gpt|assistant|language model|bot",
        rf"\b(?:dear|hey|hello|hi|attention|note to|notice to|message (?:to|for)|instructions? (?:to|for)|important[:!]? |warning[:!]? |to (?:any|all|the)) (?:any |all |the |every )?(?:\w+ )?{_ASSISTANT}s?\b[^.]{{0,80}}"
        r"(?:[:,!]|\b(?:must|should|please|do|include|ignore|read|summari|process|follow)\b)"
        rf"|\b(?:if you are|if you're|as|since you are) an? (?:\w+ )?{_ASSISTANT}\b(?!s? (?:engineer|developer|company|researcher|team|startup|expert|specialist|strategist|consultant))"
        rf"|\b(?:act|behave|respond|answer) as (?:an? )?{_ASSISTANT}\b",
        0.3,
        0.5,
    ),
    _rule(
        Sign.TASK,
        "write|compose|generate|create|draft|translate|paraphrase|summar|rewrite|tell me|give me|explain|convert|encode|reverse|replace|capitali|respond|answer|reply",
        # What people ask language models for. A document that asks for it is not written for people.
        r"(?:^|[.!?:;\"'”) ] ?)(?:please |now |then |instead,? |also |and |kindly |could you |can you |would you )*(?:write|compose|generate|create|draft|produce|give me|tell me|make up)"
        r" (?:me |us )?(?:an? |some |the |\w+ )?(?:(?:short|long|brief|funny|creative|detailed|\w+ing|\w+al|new|persuasive|rhyming) )?"
        r"(?:poem|haiku|limerick|sonnet|story|tale|essay|song|rap|joke|riddle|slogan|tweet|blog post|lyrics|screenplay|dialogue|fairy tale|python (?:code|script|function|program)|love letter)s?\b"
        r"|\b(?:translate|paraphrase|rewrite|rephrase|convert|encode|reverse|capitali[sz]e|summari[sz]e|answer|respond|reply)(?: all of| the whole of)? "
        r"(?:this|the|all|every|each|entire|above|following|everything|your|it|only)?(?: \w+){0,3} ?(?:in(?:to)?|to|as|using|with) "
        r"(?:[a-z]+ (?:language|accent)|french|spanish|german|italian|russian|chinese|japanese|latin|english|klingon|pirate|emojis?|base ?-?64|rot ?-?13|morse|binary|rhyme|upper ?case|lower ?case|capital letters|json|a (?:pirate|poem|song|haiku)|the (?:style|voice|tone) of)\b",
        0.0,
        0.55,
    ),
)
