"""How retrieved text is told from instructions in a prompt: markers that no document can know beforehand."""

import secrets
from dataclasses import dataclass
from typing import Final

from lethe.guards.disarming import disarmed

_NONCE_BYTES: Final = 8


@dataclass(frozen=True, slots=True)
class Delimiters:
    """The markers of one request. ``nonce`` is drawn anew for each, so no document can close its passage."""

    nonce: str

    @classmethod
    def fresh(cls) -> "Delimiters":
        """With a nonce of its own."""
        return cls(secrets.token_hex(_NONCE_BYTES))

    def passage(self, number: int, text: str) -> str:
        """A passage under its citation's number."""
        return f"<<<passage {number} {self.nonce}>>>\n{disarmed(text)}\n<<</passage {number} {self.nonce}>>>"

    def question(self, text: str) -> str:
        """What was asked."""
        return f"<<<question {self.nonce}>>>\n{disarmed(text)}\n<<</question {self.nonce}>>>"
