"""What an erasure is not sure of, on the wire."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from api.schemas.base import Given, OpaqueId, Taken
from lethe.model.erasures import ItemState
from lethe.privacy.discovery.judging import Confidence
from lethe.privacy.discovery.matches import Reason
from lethe.privacy.erasure.review import Verdict


class ReviewPassageOut(Given):
    """Why a document is taken for the person's. ``part``: text, section, title, source_uri or metadata."""

    part: str
    chunk_id: OpaqueId | None
    reason: Reason
    confidence: Confidence
    text: Annotated[str, Field(description="The words around; empty if the document is not yours to read")]


class ErasureFindingOut(Given):
    """A version that may be about the person. Without a verdict by ``decide_by`` it is erased."""

    version_id: OpaqueId
    document_id: OpaqueId | None
    state: ItemState
    decide_by: datetime
    passages: list[ReviewPassageOut]


class VerdictIn(Taken):
    """Whether the version is about the person (`erase`) or about somebody else (`keep`)."""

    verdict: Verdict
