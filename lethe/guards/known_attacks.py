"""The bank of known attacks as text; vectors are the business of whoever has an embedder."""

from functools import cache
from importlib.resources import files


@cache
def known_attacks() -> tuple[str, ...]:
    """Each attack of the bank."""
    text = (files("lethe.guards") / "attacks.txt").read_text(encoding="utf-8")
    return tuple(line for line in text.splitlines() if line and not line.startswith("#"))
