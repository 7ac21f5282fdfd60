"""What is embedded of a chunk."""

import re
from typing import Final

from lethe.ingestion.chunking.cutting import nearest_cut
from lethe.ingestion.chunking.outline import SECTION_SEPARATOR
from lethe.ingestion.chunking.plan import CONTEXT_TOKENS
from lethe.ports.embedding import Tokenizer

_SPACE: Final = re.compile(r"\s+")


def embedding_text(section: str, text: str, tokenizer: Tokenizer) -> str:
    """A chunk's text with its section on a line above it, shortened so that all fits one input of the embedder.

    A change here changes vectors of the same chunks: raise CHUNKER_VERSION, so that documents are read anew.
    """
    heading = _SPACE.sub(" ", SECTION_SEPARATOR.join(part for part in section.split(SECTION_SEPARATOR) if part)).strip()
    room = min(CONTEXT_TOKENS, tokenizer.max_tokens - len(tokenizer.offsets(text)))
    while heading:
        tokens = tokenizer.offsets(heading)
        whole = f"{heading}\n{text}"
        if len(tokens) <= room and len(tokenizer.offsets(whole)) <= tokenizer.max_tokens:
            return whole
        cut = tokens[min(room, len(tokens) - 1)][0] if room > 0 else 0
        heading = heading[: nearest_cut(heading, 0, cut)].rstrip(" >") if cut > 0 else ""
    return text
