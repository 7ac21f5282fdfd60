"""What every part of the settings tree is."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A closed part of the tree: a misspelt name is an error, not a default."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)
