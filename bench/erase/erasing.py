"""Bringing in documents about invented people, and erasing one of them through the API."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from bench.installation import Installation

POLL_SECONDS: Final = 0.1
LIMIT_SECONDS: Final = 3_600.0
PER_REQUEST: Final = 100

MINIMUM: Final = {
    "LETHE_KEYS__CACHE_SECONDS": "0",
    "LETHE_ERASURE__DRAIN_SECONDS": "0",
    "LETHE_LIMITS__DROP_AFTER_SECONDS": "1",
    "LETHE_CHUNKS__TARGET_TOKENS": "48",
    "LETHE_CHUNKS__OVERLAP_TOKENS": "0",
}
"""Waits that are policy, at their least, and short chunks: what costs is how many there are."""

TIMES: Final = ("fenced_at", "discovered_at", "deleted_at", "purged_at")


@dataclass(frozen=True, slots=True)
class Erasure:
    """One that is under way. ``asked_at`` is of this machine's clock, as the installation's times are."""

    installation: Installation
    path: str
    asked_at: float

    def view(self) -> dict[str, Any]:
        return self.installation.api.get(self.path).raise_for_status().json()

    def purged(self) -> dict[str, Any]:
        """Its view as soon as the bytes are gone."""
        ends = time.monotonic() + LIMIT_SECONDS
        while time.monotonic() < ends:
            if (view := self.view())["purged_at"]:
                return view
            time.sleep(POLL_SECONDS)
        raise AssertionError(f"{self.path} was not purged after {LIMIT_SECONDS} s")

    def ended(self) -> dict[str, Any]:
        """Its view when there is nothing left to be done for it, nor anything that takes time from another one."""
        ends = time.monotonic() + LIMIT_SECONDS
        while time.monotonic() < ends:
            if (view := self.view())["state"] == "certified":
                return view
            time.sleep(POLL_SECONDS)
        raise AssertionError(f"{self.path} was not certified after {LIMIT_SECONDS} s")

    def seconds(self, view: dict[str, Any]) -> dict[str, float]:
        """From the request to each time that is known."""
        known = {name: view[name] for name in TIMES if view[name]}
        return {name: datetime.fromisoformat(value).timestamp() - self.asked_at for name, value in known.items()}


def mail_of(person: int) -> str:
    return f"person-{person}@bench.example"


def ask(installation: Installation, person: int) -> Erasure:
    """Have a person erased, by the address alone."""
    wish = {"identifiers": [{"kind": "email", "value": mail_of(person)}]}
    asked_at = time.time()
    answer = installation.api.post("/v1/erasures", json=wish).raise_for_status()
    return Erasure(installation, answer.headers["location"], asked_at)


def bring_in(installation: Installation, texts: Sequence[str], people: Sequence[int]) -> list[str]:
    """The ids of the documents of one bulk ingestion, which are served, each about one of the people."""
    api, path, sent = installation.api, "/v1/ingestions", list[str]()
    documents = [
        {"text": text, "subjects": [{"kind": "email", "value": mail_of(person)}]}
        for text, person in zip(texts, people, strict=True)
    ]
    for start in range(0, len(texts), PER_REQUEST):
        body: dict[str, Any] = {"documents": documents[start : start + PER_REQUEST]}
        if start == 0:
            body["open"] = True
        target = path if start == 0 else f"{path}/documents"
        answer = api.post(target, json=body, timeout=600).raise_for_status().json()
        path = f"/v1/ingestions/{answer['id']}"
        sent += [each["document_id"] for each in answer["taken"]]
    api.post(f"{path}/close").raise_for_status()
    while (view := api.get(path).raise_for_status().json())["state"] != "done":
        time.sleep(POLL_SECONDS)
    assert view["added"] == len(texts), view
    return sent
