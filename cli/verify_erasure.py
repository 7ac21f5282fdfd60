"""Checks a certificate of erasure: one file, no network, no database, nothing of Lethe's.

Copy it anywhere and run `python verify_erasure.py FILE --log-key KEY`; it needs Python 3.11 and `cryptography`. It
shares no code with what issues certificates. Exit code 0: valid. 1: not. 2: cannot be checked.
"""

import argparse
import base64
import binascii
import hashlib
import hmac
import json
import re
import struct
import sys
import unicodedata
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

TYPE = "lethe.erasure-certificate/v1"
MAX_BYTES = 16 * 1024 * 1024
LOG, WITNESS = 1, 4

STORES = (
    *("answer_cache", "audit_log", "backups", "blobs", "dead_letters", "documents", "feedback", "histories", "keys"),
    *("keywords", "logs", "principals", "processors", "questions", "requests", "tokens", "vectors"),
)
METHODS = ("deleted", "key_destroyed", "rebuilt_and_dropped", "aged_out")
GONE = ("purged", "nothing_kept")
UNDATED = "left_to_operator"
REASONS = (
    *("legal_hold", "object_lock", "shared_document", "tenant_configuration", "unread_archive"),
    *("outside_processor", "released"),
)
PROVIDERS = ("openai", "azure", "cohere", "anthropic")
CLAIMS = {
    "held": "something is held back, for the reasons listed",
    "deleted": "nothing can be reached any more; some bytes wait for a date that is named, or for the operator",
    "purged": "the bytes are gone too, in every store of the installation",
}


class NotValid(Exception):
    """Why the certificate is not valid."""


class Unusable(Exception):
    """Why nothing can be said: a key that is none, a file that cannot be read."""


def require(holds: bool, why: str) -> None:
    if not holds:
        raise NotValid(why)


# The closed shape of the document: every string is an id, a time, a hash or a word of a list.

Check = Callable[[Any], bool]


def _matches(pattern: str) -> Check:
    compiled = re.compile(pattern)
    return lambda value: isinstance(value, str) and compiled.fullmatch(value) is not None


def _word(words: Sequence[str]) -> Check:
    return lambda value: isinstance(value, str) and value in words


def _optional(check: Check) -> Check:
    return lambda value: value is None or check(value)


def _count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 10**12


UUID = _matches(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
HASH = _matches(r"[0-9a-f]{64}")
BASE64 = _matches(r"[A-Za-z0-9+/]+={0,2}")
TIME = _matches(r"20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]\.[0-9]{3}Z")
ORDER = ("accepted", "fenced_identifiers", "fenced_discovered", "deleted", "purged", "verified", "certified")
SHAPE: Any = {
    "body": {
        "type": _word([TYPE]),
        "tenant": UUID,
        "request": UUID,
        "number": _count,
        "claim": _word(list(CLAIMS)),
        "subject_commitments": [HASH],
        "times": {name: _optional(TIME) if name == "purged" else TIME for name in ORDER},
        "stores": [
            {
                "store": _word(STORES),
                **dict.fromkeys(("located", "erased", "held", "remaining"), _count),
                "method": _word(METHODS),
                "purge": _word([*GONE, "ages_out", UNDATED]),
                "horizon": _optional(TIME),
            }
        ],
        "builds": [{"build": UUID, "kind": _word(["vector", "keyword"])}],
        "shared_documents_rewritten": _count,
        "rounds": _count,
        "keys_destroyed": _count,
        "verification": {
            "verifier": HASH,
            **dict.fromkeys(("probes", "scans", "control_planted", "control_found", "hits"), _count),
        },
        "processors": [{"provider": _word(PROVIDERS), "calls": _count, "horizon": _optional(TIME)}],
        "exclusions": [{"store": _word(STORES), "reason": _word(REASONS), "count": _count}],
    },
    "log": {
        "checkpoint": BASE64,
        "inclusion_proof": [BASE64],
        "leaf_index": _count,
        "origin": _matches(r"lethe/[0-9a-f-]{36}"),
    },
    "signature": BASE64,
}


def require_shape(value: Any, shape: Any, place: str) -> None:
    if isinstance(shape, dict):
        fields = cast("dict[str, Any]", shape)
        names = set(cast("dict[str, Any]", value)) if isinstance(value, dict) else None
        require(names == set(fields), f"{place}: not the fields it must have")
        for name, inner in fields.items():
            require_shape(value[name], inner, f"{place}.{name}")
    elif isinstance(shape, list):
        items = cast("list[Any]", value)
        require(isinstance(value, list) and len(items) <= 10_000, f"{place}: not a list of at most 10,000")
        for item in items:
            require_shape(item, cast("list[Any]", shape)[0], place)
    else:
        require(shape(value), f"{place}: not what may stand there")


# Canonical JSON (a subset of RFC 8785) and base64 in its one form.


def canonical(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"), sort_keys=True).encode("ascii")


def parse(text: bytes) -> Any:
    require(len(text) <= MAX_BYTES, "larger than any certificate")
    try:
        value = json.loads(text.decode("ascii"))
        is_canonical = canonical(value) == text
    except (ValueError, RecursionError):
        raise NotValid("not canonical JSON") from None
    require(is_canonical, "not in canonical form")
    return value


def unb64(text: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise NotValid("not base64") from None
    require(base64.b64encode(data).decode() == text, "not base64 in its one form")
    return data


# Keys and signed notes (C2SP signed-note, tlog-checkpoint, tlog-cosignature).


class Key:
    """A verifier key: "<name>+<key id>+<base64(kind || public key)>"."""

    def __init__(self, text: str, kind: int) -> None:
        name, _, rest = text.strip().partition("+")
        key_id, _, encoded = rest.partition("+")
        try:
            data = unb64(encoded)
        except NotValid:
            raise Unusable("a key must be of the form <name>+<key id>+<base64>") from None
        if len(data) != 33 or data[0] != kind:
            raise Unusable(f"not a {'log' if kind == LOG else 'witness'}'s key")
        self.name, self.public, self.kind = name, data[1:], kind
        self.id = hashlib.sha256(name.encode() + b"\n" + data).digest()[:4]
        if not name or self.id.hex() != key_id:
            raise Unusable("the key is damaged: its id is not its own")

    def verify(self, signature: bytes, message: bytes, what: str) -> None:
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError):
            raise NotValid(f"{what} is not the key's") from None


class Note:
    """A checkpoint with exactly two signatures: first the log's, then the witness's."""

    def __init__(self, data: bytes) -> None:
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            raise NotValid("the checkpoint is not text") from None
        found = re.fullmatch(
            r"(?P<body>(?P<origin>[!-*,-~]+)\n(?P<size>0|[1-9][0-9]{0,15})\n(?P<root>[A-Za-z0-9+/=]+)\n)"
            r"\n— (?P<log>[!-*,-~]+) (?P<signature>[A-Za-z0-9+/=]+)\n"
            r"— (?P<witness>[!-*,-~]+) (?P<cosignature>[A-Za-z0-9+/=]+)\n",
            text,
        )
        if found is None:
            raise NotValid("the checkpoint is not a log's and a witness's signed note")
        self.body, self.origin, self.size = found["body"], found["origin"], int(found["size"])
        self.root = unb64(found["root"])
        self.log, self.signature = found["log"], unb64(found["signature"])
        self.witness, self.cosignature = found["witness"], unb64(found["cosignature"])
        require(len(self.root) == 32 and len(self.signature) == 68, "the checkpoint's parts have wrong lengths")
        require(len(self.cosignature) == 76, "the checkpoint's parts have wrong lengths")

    def require_log(self, key: Key) -> None:
        require((self.log, self.signature[:4]) == (key.name, key.id), "the checkpoint is signed by another log")
        key.verify(self.signature[4:], self.body.encode(), "the checkpoint's signature")

    def require_witness(self, key: Key) -> None:
        require((self.witness, self.cosignature[:4]) == (key.name, key.id), "cosigned by another witness")
        (seconds,) = struct.unpack(">Q", self.cosignature[4:12])
        key.verify(self.cosignature[12:], f"cosignature/v1\ntime {seconds}\n{self.body}".encode(), "the cosignature")


def root_from(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes:
    """The root that an inclusion proof leads to (RFC 9162, 2.1.3.2)."""
    require(index < size, "the leaf is not in the checkpoint's tree")
    number, last, result = index, size - 1, leaf
    for part in proof:
        require(len(part) == 32 and last > 0, "the inclusion proof has wrong parts")
        if number % 2 == 1 or number == last:
            result = hashlib.sha256(b"\x01" + part + result).digest()
            while number % 2 == 0 and number > 0:
                number, last = number // 2, last // 2
        else:
            result = hashlib.sha256(b"\x01" + result + part).digest()
        number, last = number // 2, last // 2
    require(last == 0, "the inclusion proof is too short")
    return result


# What the document says must not contradict itself.


def require_consistent(body: Any) -> None:
    stores = body["stores"]
    times = [body["times"][name] for name in ORDER if body["times"][name] is not None]
    require(all(before <= after for before, after in pairwise(times)), "the times are not in order")
    require([each["store"] for each in stores] == sorted(STORES), "not every store is accounted for, once")
    for each in stores:
        name = each["store"]
        require(each["located"] == each["erased"] + each["held"], f"{name}: located is not erased and held")
        require(each["remaining"] <= each["held"], f"{name}: something remains that is not held")
        is_dated = each["horizon"] is not None
        require(each["purge"] in GONE or is_dated != (each["purge"] == UNDATED), f"{name}: waits for no date")
    held = {each["store"]: each["held"] for each in stores if each["held"]}
    told: dict[str, int] = {}
    for each in body["exclusions"]:
        if each["reason"] != "released":
            told[each["store"]] = told.get(each["store"], 0) + each["count"]
    require(held == told, "what is held has no reasons")
    require(body["claim"] == weakest(stores), "it claims more or less than its weakest store")
    require((body["times"]["purged"] is not None) == (body["claim"] == "purged"), "the time of the purge is wrong")
    found = body["verification"]
    require(found["hits"] == 0 and found["probes"] > 0, "the verification found something, or did not look")
    require(0 < found["control_planted"] == found["control_found"], "the positive control was not found")
    commitments = body["subject_commitments"]
    require(bool(commitments) and commitments == sorted(set(commitments)), "the commitments are not a set in order")
    require(body["rounds"] > 0, "no round was made")


def weakest(stores: Sequence[Any]) -> str:
    if any(each["held"] or each["remaining"] for each in stores):
        return "held"
    return "deleted" if any(each["purge"] not in GONE for each in stores) else "purged"


def verify(text: bytes, log_key: Key, witness_key: Key | None = None) -> Any:
    """The certificate, if it is valid. Raises NotValid."""
    document = parse(text)
    require_shape(document, SHAPE, "certificate")
    body, log = document["body"], document["log"]
    unsigned = canonical({"body": body, "log": log})
    log_key.verify(unb64(document["signature"]), f"{TYPE}\n".encode() + unsigned, "the signature")
    note = Note(unb64(log["checkpoint"]))
    note.require_log(log_key)
    if witness_key is not None:
        note.require_witness(witness_key)
    require(log["origin"] == note.origin == log_key.name, "the log is another one than its key's")
    leaf = hashlib.sha256(b"\x00" + canonical(body)).digest()
    proof = [unb64(part) for part in log["inclusion_proof"]]
    require(root_from(leaf, log["leaf_index"], note.size, proof) == note.root, "the log does not hold it")
    require_consistent(body)
    return document


def require_subject(document: Any, nonce: str, identifiers: Sequence[str]) -> None:
    try:
        key = bytes.fromhex(nonce)
    except ValueError:
        raise Unusable("a nonce is 64 hex digits") from None
    if len(key) != 32:
        raise Unusable("a nonce is 64 hex digits")
    for number, identifier in enumerate(identifiers, start=1):
        written = unicodedata.normalize("NFC", identifier.strip()).encode("utf-8", "surrogateescape")
        commitment = hmac.digest(key, written, "sha256").hex()
        require(commitment in document["body"]["subject_commitments"], f"it is not about identifier {number}")


def told(document: Any, *, has_witness: bool, identifiers: int) -> str:
    """For people."""
    body = document["body"]
    lines = [
        f"VALID: erasure {body['request']} of tenant {body['tenant']}",
        f"claim: {body['claim']}: {CLAIMS[body['claim']]}",
        *(f"  {name.replace('_', ' ')}: {body['times'][name] or '-'}" for name in ORDER),
        "store: located, erased, held, remaining; method; bytes",
    ]
    for each in body["stores"]:
        counts = ", ".join(str(each[name]) for name in ("located", "erased", "held", "remaining"))
        until = f" until {each['horizon']}" if each["horizon"] else ""
        lines.append(f"  {each['store']}: {counts}; {each['method']}; {each['purge']}{until}")
    lines += [f"kept back: {each['count']} of {each['store']}, {each['reason']}" for each in body["exclusions"]]
    lines += [f"outside: {each['provider']}, until {each['horizon'] or 'unknown'}" for each in body["processors"]]
    witness = "the witness's cosignature" if has_witness else "NOT the witness's cosignature (no --witness-key)"
    subject = f"{identifiers} identifiers of the person" if identifiers else "NOT whom it is about (no --nonce)"
    lines.append(f"checked: form, consistency, the log's signatures, inclusion in the log, {witness}, {subject}")
    return "\n".join(lines) + "\n"


def key_from(text: str, kind: int) -> Key:
    """The key itself, or the file it stands in."""
    if "+" in text:
        return Key(text, kind)
    try:
        return Key(Path(text).read_text("ascii"), kind)
    except (OSError, ValueError):
        raise Unusable("a key is neither one (name+id+base64) nor a file that can be read") from None


def identifiers_from(name: str) -> list[str]:
    """The values alone: no shell's history holds them."""
    try:
        lines = Path(name).read_text("utf-8").splitlines()
    except (OSError, ValueError):
        raise Unusable("the file of identifiers cannot be read") from None
    found = [line.partition("=")[2].strip() for line in lines if line.strip()]
    if not found or not all(found):
        raise Unusable("identifiers are kind=value a line")
    return found


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="verify-erasure", description="Check a certificate of erasure, offline.")
    parser.add_argument("file", help="the certificate, byte for byte as it was handed over")
    parser.add_argument("--log-key", required=True, help="the log's verifier key, or a file with it")
    parser.add_argument("--witness-key", help="the witness's verifier key, or a file with it")
    parser.add_argument("--nonce", help="the 64 hex digits that came with the request")
    parser.add_argument("--identifier", action="append", default=[], help="as given in the request; may be repeated")
    parser.add_argument("--subjects", help="a file of them, as the request was given: kind=value a line")
    given = parser.parse_args(arguments)
    if bool(given.nonce) != bool(given.identifier or given.subjects):
        parser.error("--nonce goes together with --identifier or --subjects")
    try:
        identifiers = [*given.identifier, *(identifiers_from(given.subjects) if given.subjects else ())]
        log_key = key_from(given.log_key, LOG)
        witness_key = key_from(given.witness_key, WITNESS) if given.witness_key else None
        document = verify(_read(given.file), log_key, witness_key)
        if given.nonce:
            require_subject(document, given.nonce, identifiers)
    except NotValid as error:
        sys.stdout.write(f"NOT VALID: {error}\n")
        return 1
    except Unusable as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(told(document, has_witness=witness_key is not None, identifiers=len(identifiers)))
    return 0


def _read(name: str) -> bytes:
    try:
        with Path(name).open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except (OSError, ValueError):
        raise Unusable("the certificate's file cannot be read") from None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
