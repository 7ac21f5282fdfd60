"""One installation with one invented person in it: looked through before, erased, and looked through again."""

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
import numpy as np
from temporalio.client import Client

from lethe.model.ids import Id, new_id
from lethe.settings import Settings
from tests.integration.canaries.forms import Canary, Form, Needles, Wanted
from tests.integration.canaries.scanning import Found, scan
from tests.integration.canaries.sealed import Keys, Opened, keys_of, open_all, own_of

STAYS: Final = "xylograph"
"""Somebody else's word: it is found after the erasure as before."""
SHORT: Final = {
    "LETHE_ERASURE__DRAIN_SECONDS": "1",
    "LETHE_KEYS__CACHE_SECONDS": "1",
    "LETHE_LIMITS__DROP_AFTER_SECONDS": "1",
    "LETHE_ANSWERING__GENERATE": "false",
}
"""What waits minutes in earnest waits a second here."""

_ENDED: Final = frozenset({"ready", "failed"})
_PURGED: Final = frozenset({"purged", "verifying", "certified"})
_SECONDS: Final = 200.0

BEYOND_US: Final[Mapping[str, set[Form]]] = {
    "postgresql/base": {Form.SEALED, Form.UTF8},
    "postgresql/pg_wal": {Form.SEALED, Form.UTF8, Form.KEY},
}
"""What PostgreSQL keeps of a request's own rows until it vacuums, and of their writes until their segment goes."""

Places = Callable[[], Mapping[str, Path]]


def beyond(found: Found) -> Mapping[str, set[Form]]:
    """What is left of a request's own, and not to be."""
    left = {place: set(forms) - BEYOND_US.get(place, set()) for place, forms in found.items()}
    return {place: forms for place, forms in left.items() if forms}


@dataclass(slots=True)
class Look:
    """What the files show, and what the sealed values show to whoever has the keys."""

    files: Found
    opened: Mapping[str, set[Form]]
    others: Found
    """Where the word of somebody else is."""
    ids: Found
    """Where the ids of the person's versions are, which say nothing of anybody."""


@dataclass(slots=True)
class Trial:
    """``places``: every folder of the installation, by name. ``temporal``: the address of its server."""

    api: httpx.Client
    settings: Settings
    places: Places
    temporal: str
    canary: Canary = field(default_factory=Canary)
    wanted: Wanted = field(init=False)
    keys: Keys = field(default_factory=dict[Id, bytes])
    receipts: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    own: Needles = field(default_factory=dict[Form, tuple[bytes, ...]])
    """Of the request: whom it is about, sealed, and as a blind index (as text), and its key, wrapped."""
    asked: Found = field(default_factory=dict[str, Mapping[Form, list[str]]])
    """Where that is as long as the request is open."""
    request: str = ""

    def __post_init__(self) -> None:
        self.wanted = Wanted.of(self.canary)

    def tell(self) -> None:
        """Documents that say the name in every form, a question, a verdict, and somebody else's document."""
        subjects = [{"kind": "email", "value": self.canary.mail}]
        name = self.canary.name
        text = f"{name} wrote notes on the engine. Write to {name} at {self.canary.mail}."
        mine = {"title": f"Notes of {name}", "metadata": {"owner": name}, "source_uri": f"mem:{name}"}
        self._upload(json={"text": text, "subjects": subjects, **mine})
        self._upload(json={"text": self.canary.collected, "subjects": subjects})
        for encoding in ("utf-16-le", "utf-16-be"):
            data = f"\ufeff{name} keeps the keys of the mill.".encode(encoding)
            self._upload(data={"subjects": json.dumps(subjects)}, files={"file": ("notes.txt", data, "text/plain")})
        self._upload(json={"text": f"The {STAYS} hangs in the northern hall of the old depot."})
        for receipt in self.receipts:
            self._ended(receipt["document_id"])
        asked = self.api.post("/v1/query", json={"question": f"What did {name} write?"})
        assert name in asked.json()["answer"], asked.text
        asyncio.run(self._tell_history())
        verdict = {"query_id": asked.json()["id"], "verdict": "down", "reason": f"{name} wrote more."}
        assert self.api.post("/v1/feedback", json=verdict).is_success

    async def _tell_history(self) -> None:
        """What no workflow of ours does, so that the histories are shown to be looked into: a word in its input."""
        client = await Client.connect(self.temporal)
        await client.start_workflow("nobodys", STAYS, id=f"control/{new_id()}", task_queue="nobodys")

    def learn(self) -> None:
        """What else tells the person: the vectors of the texts, the ciphertexts, the keys as they are stored."""
        self.keys, wrapped = asyncio.run(keys_of(self.settings))
        held = asyncio.run(open_all(self.settings, self.keys))
        hers = {each.key_id for each in held if each.forms(self.canary.texts)}
        mine = [each for each in held if each.key_id in hers]
        self.wanted.add_vectors(
            np.frombuffer(each.plain, "<f4") for each in mine if each.place == "chunk_vectors.sealed_vector"
        )
        self.wanted.add(Form.SEALED, [each.mark for each in mine])
        self.wanted.add(Form.KEY, [wrapped[key_id] for key_id in hers])

    def look(self) -> Look:
        ids = tuple(receipt["version_id"].encode() for receipt in self.receipts[:-1])
        return Look(
            files=self.scan(),
            opened=self.opened(),
            others=scan(self.places(), {Form.TERM: (STAYS.encode(),)}),
            ids=scan(self.places(), {Form.UTF8: ids}),
        )

    def scan(self) -> Found:
        return scan(self.places(), self.wanted)

    def opened(self) -> Mapping[str, set[Form]]:
        """Forms by table and column, with the keys of before and of now."""
        found: dict[str, set[Form]] = {}
        for each in asyncio.run(self._opened()):
            if forms := each.forms(self.wanted):
                found.setdefault(each.place, set()).update(forms)
        return found

    async def _opened(self) -> list[Opened]:
        now, _ = await keys_of(self.settings)
        return await open_all(self.settings, {**self.keys, **now})

    def erase(self) -> dict[str, Any]:
        """As an admin asks for it; returns when the bytes are said to be gone."""
        wish = {"identifiers": [{"kind": "email", "value": self.canary.mail}]}
        begun = self.api.post("/v1/erasures", json=wish)
        assert begun.status_code == 202, begun.text
        self.request = begun.json()["id"]
        self.own = asyncio.run(own_of(self.settings, self.request))
        self.asked = self.scan_own()
        return self._until(f"/v1/erasures/{self.request}", lambda said: said["state"] in _PURGED)

    def forget(self) -> Found:
        """Wait for the certificate, and what follows it; returns what is left of the request then."""
        self._until(f"/v1/erasures/{self.request}", lambda said: said["state"] == "certified")
        deadline = time.monotonic() + _SECONDS
        while beyond(found := self.scan_own()) and time.monotonic() < deadline:
            time.sleep(1)
        return found

    def scan_own(self) -> Found:
        return scan(self.places(), self.own)

    def plant(self) -> Found:
        """Write the name into every place by hand, and look: the control that each is looked into."""
        for root in self.places().values():
            file = root / ".planted" if root.is_dir() else root
            with file.open("ab") as opened:
                opened.write(self.wanted[Form.UTF8][0])
        return self.scan()

    def _upload(self, **request: Any) -> None:
        answer = self.api.post("/v1/documents", **request)
        assert answer.status_code == 202, answer.text
        self.receipts.append(answer.json())

    def _ended(self, document_id: Id) -> None:
        ended = self._until(f"/v1/documents/{document_id}", lambda said: said["status"] in _ENDED)
        assert ended["status"] == "ready", ended

    def _until(self, path: str, is_over: Callable[[Any], bool]) -> dict[str, Any]:
        deadline = time.monotonic() + _SECONDS
        while not is_over(said := self.api.get(path).json()):
            assert time.monotonic() < deadline, said
            time.sleep(0.1)
        return said
