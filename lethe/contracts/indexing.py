"""Inputs and outputs of the workflows and activities of index builds."""

from lethe.contracts.base import Contract
from lethe.model.ids import Id


class BuildRef(Contract):
    """One index build of one tenant."""

    tenant_id: Id
    build_id: Id


class FollowStep(BuildRef):
    """Go on after the chunk with this id (None: from the beginning)."""

    after: Id | None = None


class Followed(Contract):
    """``after`` is None when nothing is left; ``written`` objects were missing."""

    after: Id | None
    written: int = 0


class FollowRun(BuildRef):
    """The state of a follower that continues as new."""

    after: Id | None = None
    written: int = 0
