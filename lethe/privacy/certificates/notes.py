"""Checkpoints as signed notes: C2SP signed-note, tlog-checkpoint and tlog-cosignature, all with Ed25519.

A note is its text, an empty line, and one line per signature: "— <name> base64(key id || signature)". A log signs the
text; a witness signs the time and the text. The parser takes only the one writing that `Note.text` gives back.
"""

import base64
import binascii
import hashlib
import struct
from dataclasses import dataclass
from typing import Final, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

_ED25519: Final = b"\x01"
_COSIGNATURE: Final = b"\x04"
_MAX_NOTE: Final = 8_192


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def unb64(text: str) -> bytes:
    """Raises ValueError for any writing but the one `b64` gives: base64 has several."""
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
    if b64(data) != text:
        raise ValueError("not base64 in its one form")
    return data


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """The public half of a key, with the name it signs under: "<name>+<key id>+<base64(type || key)>"."""

    name: str
    kind: bytes
    public: bytes

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises ValueError."""
        name, _, rest = text.partition("+")
        key_id, _, encoded = rest.partition("+")
        data = unb64(encoded)
        if len(data) != 33 or data[:1] not in {_ED25519, _COSIGNATURE}:
            raise ValueError("not an Ed25519 verifier key")
        key = cls(_require_name(name), data[:1], data[1:])
        if key.key_id.hex() != key_id:
            raise ValueError("the key id is not the key's")
        return key

    @property
    def key_id(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n" + self.kind + self.public).digest()[:4]

    @property
    def text(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{b64(self.kind + self.public)}"

    def verifies(self, signature: bytes, message: bytes) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state of a log: its origin, how many leaves, their root."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{b64(self.root)}\n"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises ValueError; extension lines are not taken."""
        lines = text.split("\n")
        if len(lines) != 4 or lines[3]:
            raise ValueError("a checkpoint has three lines")
        size = int(lines[1]) if lines[1].isascii() and lines[1].isdigit() else -1
        checkpoint = cls(_require_name(lines[0]), size, unb64(lines[2]))
        if len(checkpoint.root) != 32 or checkpoint.text != text:
            raise ValueError("not a checkpoint")
        return checkpoint


@dataclass(frozen=True, slots=True)
class Signature:
    """``signed`` is what stands behind the key id: for a witness the time comes first."""

    name: str
    key_id: bytes
    signed: bytes

    @property
    def line(self) -> str:
        return f"— {self.name} {b64(self.key_id + self.signed)}\n"

    @classmethod
    def parse(cls, line: str) -> Self:
        dash, name, encoded = [*line.split(" "), "", ""][:3]
        data = unb64(encoded)
        signature = cls(_require_name(name), data[:4], data[4:])
        if dash != "—" or not signature.signed or signature.line != f"{line}\n":
            raise ValueError("not a signature line")
        return signature


@dataclass(frozen=True, slots=True)
class Note:
    """A text and who signed it."""

    body: str
    signatures: tuple[Signature, ...]

    @property
    def text(self) -> str:
        return self.body + "\n" + "".join(signature.line for signature in self.signatures)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises ValueError."""
        body, separator, lines = text.rpartition("\n\n")
        if len(text) > _MAX_NOTE or not separator or not lines.endswith("\n"):
            raise ValueError("not a signed note")
        note = cls(body + "\n", tuple(Signature.parse(line) for line in lines[:-1].split("\n")))
        if note.text != text:
            raise ValueError("not a signed note")
        return note

    def is_signed_by(self, key: VerifierKey) -> bool:
        """Whether one signature is the key's; further ones of the same name and id are not looked for."""
        for signature in self.signatures:
            if (signature.name, signature.key_id) == (key.name, key.key_id):
                return _is_good(signature, key, self.body)
        return False

    def with_line(self, line: str) -> "Note":
        """Raises ValueError if the line is no signature line."""
        return Note(self.body, (*self.signatures, Signature.parse(line.removesuffix("\n"))))


class NoteSigner:
    """Signs as a log (``sign``) or as a witness (``cosign``), under one name."""

    def __init__(self, name: str, seed: bytes, *, is_witness: bool = False) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        public = self._private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.key = VerifierKey(_require_name(name), _COSIGNATURE if is_witness else _ED25519, public)

    def sign_bytes(self, message: bytes) -> bytes:
        return self._private.sign(message)

    def sign(self, body: str) -> Note:
        return Note(body, (Signature(self.key.name, self.key.key_id, self.sign_bytes(body.encode())),))

    def cosign(self, body: str, seconds: int) -> Signature:
        """``seconds``: the time, since 1970."""
        signed = self.sign_bytes(_timed(body, seconds))
        return Signature(self.key.name, self.key.key_id, struct.pack(">Q", seconds) + signed)


def _is_good(signature: Signature, key: VerifierKey, body: str) -> bool:
    if key.kind == _ED25519:
        return key.verifies(signature.signed, body.encode())
    if len(signature.signed) != 72:
        return False
    (seconds,) = struct.unpack(">Q", signature.signed[:8])
    return key.verifies(signature.signed[8:], _timed(body, seconds))


def _timed(body: str, seconds: int) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n{body}".encode()


def _require_name(name: str) -> str:
    if not name or any(not "!" <= character <= "~" or character == "+" for character in name):
        raise ValueError("not a name of a key")
    return name
