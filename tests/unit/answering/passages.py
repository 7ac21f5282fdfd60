"""Passages without a store."""

from lethe.ports.search import Passage


def passage(text: str, *, title: str = "", score: float = 1.0, language: str = "en", uri: str = "") -> Passage:
    return Passage(
        chunk_id=f"chunk of {text[:20]}",
        version_id="version",
        document_id="document",
        ordinal=0,
        score=score,
        text=text,
        section=title,
        title=title,
        source_uri=uri,
        language=language,
        text_hmac="0" * 64,
        start=0,
        end=len(text),
    )
