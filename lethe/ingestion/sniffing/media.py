"""The media types that can be ingested."""

from typing import Final

PLAIN: Final = "text/plain"
MARKDOWN: Final = "text/markdown"
RST: Final = "text/x-rst"
HTML: Final = "text/html"
CSV: Final = "text/csv"
JSON: Final = "application/json"
EML: Final = "message/rfc822"
MSG: Final = "application/vnd.ms-outlook"
RTF: Final = "application/rtf"
PDF: Final = "application/pdf"
DOCX: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PPTX: Final = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ODT: Final = "application/vnd.oasis.opendocument.text"
EPUB: Final = "application/epub+zip"
