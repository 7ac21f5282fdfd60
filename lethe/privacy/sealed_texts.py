"""As what each kind of text beside the versions is sealed. Who opens one as something else finds nothing in it."""

from collections.abc import Mapping
from typing import Final

from lethe.model.texts import TextPlace
from lethe.privacy.sealing import Purpose

PURPOSES: Final[Mapping[TextPlace, Purpose]] = {
    TextPlace.SUBJECT: Purpose.IDENTIFIER,
    TextPlace.QUESTION: Purpose.QUESTION,
    TextPlace.ANSWER: Purpose.ANSWER,
    TextPlace.TRACE: Purpose.TRACE,
    TextPlace.FEEDBACK: Purpose.FEEDBACK,
    TextPlace.LETTER: Purpose.FAILURE,
    TextPlace.REFUSAL: Purpose.REFUSED_NAME,
    TextPlace.INGESTION: Purpose.OPTIONS,
    TextPlace.RESPONSE: Purpose.IDEMPOTENCY,
    TextPlace.SELECTION: Purpose.WISH,
    TextPlace.QUARANTINE: Purpose.PREFIX,
    TextPlace.WEBHOOK: Purpose.WEBHOOK_URL,
    TextPlace.GLOSSARY: Purpose.GLOSSARY,
    TextPlace.SOURCE: Purpose.SOURCE_SPEC,
    TextPlace.LISTED: Purpose.LISTED_ITEM,
}
