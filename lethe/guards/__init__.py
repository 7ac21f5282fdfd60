"""What a text must be, and how much it looks like an attack on a language model. Pure: rules only, no model."""

from typing import Final

GUARDS_REVISION: Final = "guards-1"
"""Part of every cache key: changed with the rules of this package, of the output filter or of grounding, so that no
answer is given again that passed the old ones.
"""
