"""From bytes to characters."""

from unstructured.file_utils.encoding import detect_file_encoding

from lethe.ingestion.sniffing.texts import bom_encoding


def decode(data: bytes, declared: str = "") -> str:
    """The text of a file: by its byte order mark, as UTF-8, as it declares, or as its bytes look; never an error."""
    marked = bom_encoding(data)
    if marked is not None:
        return data.decode(marked, errors="replace")
    for encoding in ("utf-8", declared):
        text = _try(data, encoding)
        if text is not None:
            return text
    return _guess(data)


def _try(data: bytes, encoding: str) -> str | None:
    if not encoding:
        return None
    try:
        return data.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return None


def _guess(data: bytes) -> str:
    try:
        _, text = detect_file_encoding(file=data)
    except Exception:  # noqa: BLE001 - its detection raises many kinds; cp1252 maps nearly every byte
        return data.decode("cp1252", errors="replace")
    return text
