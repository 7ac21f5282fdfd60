"""The child process: `python -m lethe.adapters.parsing.child <limits as JSON>`.

It reads requests until its standard input ends. Started by `pool`, never imported by it.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from lethe.adapters.parsing import sandbox
from lethe.adapters.parsing.wire import (
    DOCUMENT,
    ERROR,
    READY,
    Limits,
    Request,
    error_body,
    frame,
    load_limits,
    load_request,
)
from lethe.errors import CorruptDocument, LetheError, ParserCrashed
from lethe.ingestion.elements import to_json
from lethe.ports.parsing import ParsedDocument
from lethe.settings import PdfStrategy

Reader = Callable[[Path, str, Limits], ParsedDocument]


def main() -> None:
    """Load the vendors' code, lock the door, serve."""
    limits = load_limits(sys.argv[1])
    answers = _private_output()
    sandbox.lower_priority(limits.niceness)
    sandbox.refuse_the_outside(limits.tesseract)
    from lethe.adapters.parsing import vendor  # noqa: PLC0415 - only behind the sandbox
    from lethe.adapters.parsing.readers import read  # noqa: PLC0415
    from lethe.adapters.parsing.readers.scans import load_models  # noqa: PLC0415

    vendor.warm_up()
    if limits.strategy == PdfStrategy.LAYOUT:
        load_models(limits)
    else:  # layout's models exchange pages through files
        sandbox.refuse_writing()
    sandbox.limit_memory(limits)
    _send(answers, frame(READY))
    for line in sys.stdin.buffer:
        sandbox.limit_next_document(limits)
        _send(answers, _answer(read, load_request(line), limits))


def _answer(read: Reader, request: Request, limits: Limits) -> bytes:
    try:
        body = to_json(read(Path(request.path), request.media_type, limits))
    except LetheError as error:
        return frame(ERROR, error_body(error.code, error.detail, error.place.page))
    except (MemoryError, RecursionError, sandbox.Refused) as error:
        return frame(ERROR, error_body(ParserCrashed.code, type(error).__name__))
    except Exception as error:  # noqa: BLE001 - whatever a vendor raises on a file means that it cannot be read
        return frame(ERROR, error_body(CorruptDocument.code, f"The parser stopped with {type(error).__name__}."))
    if len(body) > limits.output_bytes:
        return frame(ERROR, error_body(ParserCrashed.code, "The parser's output is larger than allowed."))
    return frame(DOCUMENT, body)


def _private_output() -> BinaryIO:
    """Standard output for the frames alone: what vendors print goes to standard error."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return answers


def _send(answers: BinaryIO, data: bytes) -> None:
    answers.write(data)
    answers.flush()


if __name__ == "__main__":
    main()
