"""Ways to change a certificate or to make one up."""

import base64
import json
import random
from collections.abc import Callable, Iterator
from typing import Any, cast

from cli import verify_erasure as verifier
from lethe.privacy.certificates.canonical import canonical
from lethe.privacy.certificates.issuing import SIGNED
from lethe.privacy.certificates.merkle import MerkleTree, leaf_hash
from lethe.privacy.certificates.notes import Checkpoint, NoteSigner, b64
from tests.unit.certificates.made import LOG, ORIGIN, WITNESS, Made, cosigned

OTHER_LOG = NoteSigner(ORIGIN, b"x" * 32)
OTHER_WITNESS = NoteSigner(WITNESS.key.name, b"y" * 32, is_witness=True)

OTHERS: list[Any] = [None, 0, 1, 2, "", "purged", "deleted", "2026-11-21T12:00:00.000Z", True, [], {}, "Max", 1.5]

Forger = Callable[[Made, random.Random], bytes]


def bits(some: Made, chance: random.Random) -> bytes:
    text = bytearray(chance.choice(some.texts))
    text[chance.randrange(len(text))] ^= 1 << chance.randrange(8)
    return bytes(text)


def characters(some: Made, chance: random.Random) -> bytes:
    text = chance.choice(some.texts)
    place = chance.randrange(len(text))
    return chance.choice(
        [
            text[:place],
            text[:place] + text[place + 1 :],
            text[:place] + bytes([chance.randrange(256)]) + text[place:],
            text[:place] + text[place : place + 20] + text[place:],
            text + chance.choice([b"\n", b" ", b"\0", b"{}"]),
        ]
    )


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict):
        for name, item in cast("dict[str, Any]", value).items():
            yield from _leaves(item, (*path, name))
    elif isinstance(value, list):
        for number, item in enumerate(cast("list[Any]", value)):
            yield from _leaves(item, (*path, number))
    else:
        yield path


def _at(document: Any, path: tuple[Any, ...]) -> Any:
    for part in path:
        document = document[part]
    return document


def _edited(some: Made, chance: random.Random) -> Any:
    """A certificate one of whose values is another."""
    document = json.loads(chance.choice(some.texts))
    path = chance.choice(list(_leaves(document)))
    old = _at(document, path)
    new = chance.choice(OTHERS)
    if type(new) is type(old) and new == old:
        new = "another"
    _at(document, path[:-1])[path[-1]] = new
    return document


def field(some: Made, chance: random.Random) -> bytes:
    return json.dumps(_edited(some, chance), separators=(",", ":"), sort_keys=True).encode()


def swapped(some: Made, chance: random.Random) -> bytes:
    """Parts of two certificates put together."""
    one, two = (json.loads(each) for each in chance.sample(some.texts, 2))
    path = chance.choice([("body",), ("log",), ("signature",), ("body", "times"), ("body", "subject_commitments")])
    path = chance.choice([path, ("log", "inclusion_proof"), ("log", "leaf_index"), ("body", "request")])
    if _at(one, path) == _at(two, path):
        path = ("body",)
    _at(one, path[:-1])[path[-1]] = _at(two, path)
    return canonical(one)


def _resigned(document: Any, key: NoteSigner) -> bytes:
    unsigned = {"body": document["body"], "log": document["log"]}
    return canonical({**unsigned, "signature": b64(key.sign_bytes(SIGNED + canonical(unsigned)))})


def other_key(some: Made, chance: random.Random) -> bytes:
    return _resigned(json.loads(chance.choice(some.texts)), OTHER_LOG)


def whole_other_log(some: Made, chance: random.Random) -> bytes:
    """All made anew, consistently, by somebody with another key of the same name."""
    document = json.loads(chance.choice(some.texts))
    document["body"]["keys_destroyed"] += 1
    tree = MerkleTree([leaf_hash(canonical(document["body"]))])
    note = cosigned(OTHER_LOG, Checkpoint(ORIGIN, 1, tree.root()), chance.choice([WITNESS, OTHER_WITNESS]))
    document["log"] |= {"checkpoint": b64(note.encode()), "inclusion_proof": [], "leaf_index": 0}
    return _resigned(document, chance.choice([OTHER_LOG, LOG]))


# The log's own key in the wrong hands: what the log does not hold, or the witness never saw, is not valid either.


def not_logged(some: Made, chance: random.Random) -> bytes:
    document = json.loads(chance.choice(some.texts))
    document["body"]["keys_destroyed"] += chance.randint(1, 9)
    return _resigned(document, LOG)


def unseen_by_the_witness(some: Made, chance: random.Random) -> bytes:
    document = json.loads(chance.choice(some.texts))
    document["body"]["keys_destroyed"] += 1
    tree = MerkleTree([leaf_hash(canonical(document["body"]))])
    note = cosigned(LOG, Checkpoint(ORIGIN, 1, tree.root()), OTHER_WITNESS)
    if chance.random() < 0.5:
        old = some.note.split("\n— ")[2]
        note = note[: note.rindex("— ")] + f"— {old}"
    document["log"] |= {"checkpoint": b64(note.encode()), "inclusion_proof": [], "leaf_index": 0}
    return _resigned(document, LOG)


def proof_of_another(some: Made, chance: random.Random) -> bytes:
    document = json.loads(chance.choice(some.texts))
    index = document["log"]["leaf_index"]
    other = chance.choice([each for each in range(some.tree.size) if each != index])
    proof = [b64(each) for each in some.tree.inclusion(other, some.tree.size)]
    document["log"]["inclusion_proof"] = proof
    if chance.random() < 0.5:
        document["log"]["leaf_index"] = other
    return _resigned(document, LOG)


def older_checkpoint(some: Made, chance: random.Random) -> bytes:
    """One from before the certificate was logged."""
    index = chance.randrange(1, some.tree.size)
    document = json.loads(some.texts[index])
    size = chance.randint(1, index)
    note = cosigned(LOG, Checkpoint(ORIGIN, size, some.tree.root(size)))
    document["log"]["checkpoint"] = b64(note.encode())
    if chance.random() < 0.5:
        other = chance.randrange(size)
        proof = [b64(each) for each in some.tree.inclusion(other, size)]
        document["log"] |= {"inclusion_proof": proof, "leaf_index": other}
    return _resigned(document, LOG)


def contradiction(some: Made, chance: random.Random) -> bytes:
    """Logged, signed and cosigned as it should be, and yet it says what cannot be."""
    document = json.loads(chance.choice(some.texts))
    body = document["body"]
    store = chance.choice(body["stores"])
    change = chance.randrange(8)
    if change == 0:
        body["claim"] = chance.choice([each for each in verifier.CLAIMS if each != body["claim"]])
    elif change == 1:
        store["remaining"] = store["held"] + 1
    elif change == 2:
        store["located"] += 1
    elif change == 3:
        body["stores"].remove(store)
    elif change == 4:
        body["times"]["deleted"] = "2027-01-01T00:00:00.000Z"
    elif change == 5:
        body["verification"]["hits"] = 1
    elif change == 6:
        body["verification"]["control_found"] -= 1
    else:
        body["remark"] = "Max Mustermann"
    tree = MerkleTree([leaf_hash(canonical(body))])
    note = cosigned(LOG, Checkpoint(ORIGIN, 1, tree.root()))
    document["log"] |= {"checkpoint": b64(note.encode()), "inclusion_proof": [], "leaf_index": 0}
    return _resigned(document, LOG)


def notation(some: Made, chance: random.Random) -> bytes:
    """The same value, written otherwise."""
    text = chance.choice(some.texts).decode()
    document = json.loads(text)
    number = document["body"]["rounds"]
    return chance.choice(
        [
            text.replace(f'"rounds":{number}', f'"rounds":{number}.0'),
            text.replace(f'"rounds":{number}', f'"rounds":{number}e0'),
            text.replace(f'"rounds":{number}', f'"rounds":0{number}'),
            text.replace(f'"rounds":{number}', f'"rounds":{number},"rounds":{number}'),
            text.replace('"claim"', '"claim":"purged","claim"'),
            text.replace('"claim"', '"cl\\u0061im"'),
            text.replace('"claim"', '"сlaim"'),
            text.replace("lethe.erasure", "lethe.erasure\u200b"),
            text.replace("lethe", "ｌethe"),
            text.replace('"tenant"', '"tenant" '),
            text.replace(":", ": ", 1),
            json.dumps(document, indent=1),
            json.dumps(dict(reversed(document.items())), separators=(",", ":")),
            "\ufeff" + text,
            text + "\n",
            text.replace("==", "=", 1),
            text.replace("Z", "+00:00", 1),
            text.replace("T", "t", 1),
        ]
    ).encode()


def signed_notes(some: Made, chance: random.Random) -> bytes:
    """The same bytes under another base64, or under another signature line."""
    document = json.loads(chance.choice(some.texts))
    note = base64.b64decode(document["log"]["checkpoint"]).decode()
    note = chance.choice(
        [
            note.replace("\n\n", "\n\n\n"),
            note + note.rsplit("\n", 2)[1] + "\n",
            note.replace("— ", "- "),
            note.replace("\n", "\r\n"),
            note[: note.rindex("— ")],
            note + " ",
            note.replace(f"\n{some.tree.size}\n", f"\n0{some.tree.size}\n"),
            note.replace(f"\n{some.tree.size}\n", f"\n{some.tree.size + 1}\n"),
        ]
    )
    document["log"]["checkpoint"] = b64(note.encode())
    return _resigned(document, LOG)


def padding(some: Made, chance: random.Random) -> bytes:
    """Bits that base64 throws away."""
    document = json.loads(chance.choice(some.texts))
    signature = document["signature"].rstrip("=")
    last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".index(signature[-1])
    flipped = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[last ^ chance.randint(1, 15)]
    document["signature"] = signature[:-1] + flipped + "=="
    return canonical(document)


def malleable(some: Made, chance: random.Random) -> bytes:
    """The signature's number plus the order of the group: the same equation, another signature."""
    document = json.loads(chance.choice(some.texts))
    signature = base64.b64decode(document["signature"])
    order = 2**252 + 27742317777372353535851937790883648493
    document["signature"] = b64(
        signature[:32] + (int.from_bytes(signature[32:], "little") + order).to_bytes(32, "little")
    )
    return canonical(document)


def garbage(some: Made, chance: random.Random) -> bytes:
    return chance.choice(
        [
            chance.randbytes(chance.randrange(2_000)),
            b"[" * 100_000,
            b'{"a":' * 5_000,
            b"9" * 10_000,
            b"null",
            b"[]",
            b'{"body":{},"log":{},"signature":""}',
            b'"' + b"a" * 1_000,
            json.dumps([json.loads(chance.choice(some.texts))]).encode(),
        ]
    )
