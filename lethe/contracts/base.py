"""What every contract shares."""

from pydantic import BaseModel, ConfigDict


class Contract(BaseModel):
    """Frozen, closed; a field is only ever added with a default, so that older histories still replay."""

    model_config = ConfigDict(frozen=True, extra="forbid")
