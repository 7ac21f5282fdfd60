"""The last look at an answer before it leaves, whole or as it streams.

What comes out is the same however the text was cut into deltas: nothing is released before its piece (a run without
white space) is whole. So an address split over tokens cannot slip out, and what is held back is bounded.
"""

import re
from collections import Counter
from collections.abc import Iterable
from copy import copy
from typing import Final

from lethe.guards.echoes import Echoes
from lethe.guards.leaks import Leak
from lethe.guards.links import WIDE, WIDE_MARKS, AllowedLinks
from lethe.guards.secrets import Secrets
from lethe.guards.text import HIDING

MAX_PIECE: Final = 1_000
"""A longer run without white space is no word and no address anybody needs: it is dropped to its end."""

_OTHER: Final = rf"[^\s{WIDE}{WIDE_MARKS}]"
_MARK: Final = r"[.:/\\]"
_PIECE: Final = re.compile(
    rf"""
    \s+
    | (?:[{WIDE}]{{1,63}}(?={_MARK}))?{_OTHER}*{_MARK}{_OTHER}*(?:[{WIDE}]{{1,63}}(?![{WIDE}]){_OTHER}*)*
    | {_OTHER}+
    | [{WIDE_MARKS}]{{1,64}}
    | [{WIDE}]{{1,64}}(?!{_MARK})
    """,
    re.VERBOSE,
)
"""Scripts that are written without spaces make pieces of their own, or a whole paragraph would be held back; but not
where they may be part of an address ("www.例え.jp/"). No piece's end depends on more than the character after it."""
_WIDE_END: Final = re.compile(f"[{WIDE}]*$")


class StreamFilter:
    """One answer's filter. Feed it every delta, then close it; what they return is what may be sent.

    ``sources``: texts and addresses of the passages the model was shown: the only place an address may come from.
    ``prompt``: the instructions (without passages and question), ``nonce``: the delimiter's; neither may be echoed.
    ``question``: may be repeated.
    """

    def __init__(
        self,
        sources: Iterable[str],
        *,
        prompt: str = "",
        nonce: str = "",
        question: str = "",
    ) -> None:
        known = tuple(dict.fromkeys(sources))
        said = (*known, question)
        self._links = AllowedLinks(known)
        self._secrets = Secrets(prompt, nonce, said)
        self._echoes = Echoes(prompt, said)
        self.reset()

    @property
    def leaks(self) -> dict[Leak, int]:
        """How much of which kind was taken out so far."""
        return dict(+self._leaks)

    def again(self, text: str) -> str:
        """A whole text through a filter like this one, as after it was put together from what this one let out."""
        other = self.anew()
        out = other.feed(text) + other.close()
        self._leaks.update(other.leaks)
        return out

    def anew(self) -> "StreamFilter":
        """One that knows the same and has heard nothing."""
        other = copy(self)
        other.reset()
        return other

    def reset(self) -> None:
        """Forget what was heard."""
        self._links, self._secrets, self._echoes = self._links.anew(), self._secrets.anew(), self._echoes.anew()
        self._buffer = ""
        self._is_endless = False
        self._leaks: Counter[Leak] = Counter()

    def feed(self, delta: str) -> str:
        """What may go out after this delta; often what came with the one before."""
        self._buffer += delta
        pieces = _PIECE.findall(self._buffer)
        self._buffer = pieces.pop() if pieces else ""
        out = "".join([self._piece(piece) for piece in pieces])
        if len(self._buffer) > MAX_PIECE and not self._buffer.isspace():
            self._drop_endless()
        return out

    def close(self) -> str:
        """The rest, when the answer has ended."""
        pieces = _PIECE.findall(self._buffer)
        self._buffer = ""
        out = "".join([self._piece(piece) for piece in pieces])
        return out + self._echoed(self._secrets.flush()) + self._echoes.flush()

    def _drop_endless(self) -> None:
        # A wide run at the end may yet turn out to be a piece of its own.
        end = _WIDE_END.search(self._buffer)
        wide = end.group() if end else ""
        if len(self._buffer) - len(wide) <= MAX_PIECE:
            return
        if not self._is_endless:
            self._leaks[Leak.ENDLESS] += 1
        self._is_endless = True
        last = self._buffer[len(self._buffer) - len(wide) - 1]
        self._buffer = ("." if re.search(_MARK, self._buffer) else last) + wide

    def _piece(self, piece: str) -> str:
        if self._is_endless:
            self._is_endless = False
            return ""
        if len(piece) > MAX_PIECE and not piece.isspace():
            self._leaks[Leak.ENDLESS] += 1
            return ""
        if piece.isspace():
            return self._last(piece)
        if not piece.isascii() and HIDING.search(piece):
            self._leaks[Leak.HIDDEN] += 1
            piece = HIDING.sub("", piece)
        cleaned, leaks = self._links.cleaned(piece)
        self._leaks.update(leaks)
        return self._last(cleaned)

    def _last(self, piece: str) -> str:
        """Past the secrets, then past the echoes."""
        going, is_told = self._secrets.push(piece)
        self._leaks[Leak.SECRET] += is_told
        return self._echoed(going)

    def _echoed(self, text: str) -> str:
        out = ""
        for piece in _PIECE.findall(text):
            going, began = self._echoes.push(piece)
            self._leaks[Leak.ECHO] += began
            out += going
        return out
