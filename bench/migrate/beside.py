"""What goes on beside a migration, each in a thread of its own: questions, changes, kills."""

import itertools
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Self

import httpx

from bench.installation import Installation
from bench.query.questions import distinct_questions

ASK_SECONDS: Final = 0.5
CHANGE_SECONDS: Final = 1.0
KILL_SECONDS: Final = 6.0
"""Between two kills: what was killed is started again meanwhile."""
VICTIMS: Final = ("worker", "weaviate", "temporal")
_OK: Final = 200


class Beside:
    """Runs ``turn`` until it is left; ``seconds`` is the least time between two turns."""

    seconds = 1.0

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def turn(self) -> None:
        raise NotImplementedError

    def _run(self) -> None:
        while not self._stop.is_set():
            begun = time.monotonic()
            self.turn()
            self._stop.wait(max(0.0, self.seconds - (time.monotonic() - begun)))


class Asker(Beside):
    """``took``: milliseconds of each answer."""

    seconds = ASK_SECONDS

    def __init__(self, installation: Installation, files: Sequence[Path]) -> None:
        super().__init__(installation)
        self._questions = distinct_questions(files)
        self._answers: list[dict[str, Any]] = []
        self.took: list[float] = []
        self.failed: Counter[str] = Counter()
        self.degraded: Counter[str] = Counter()

    def turn(self) -> None:
        begun = time.perf_counter()
        try:
            response = self.installation.api.post("/v1/query", json={"question": next(self._questions)})
        except httpx.HTTPError as error:
            self.failed[type(error).__name__] += 1
            return
        if response.status_code != _OK:
            self.failed[str(response.status_code)] += 1
            return
        self.took.append((time.perf_counter() - begun) * 1000)
        body = response.json()
        self.degraded.update(body["degraded_reasons"])
        if body.get("provenance"):
            self._answers.append(body["provenance"])

    @property
    def specs(self) -> set[str]:
        """Models that questions were embedded by."""
        return {each["embedding_spec"] for each in self._answers}

    def mixed(self, build_id: str, spec: str) -> int:
        """Answers whose question was embedded by another model than the build was made by."""
        named = [each for each in self._answers if each["embedding_spec"]]
        return sum((each["index_build_id"] == build_id) is not (each["embedding_spec"] == spec) for each in named)


class Changer(Beside):
    """Uploads, edits, deletions and erasures in turn. ``kept`` are to be served at the end, ``gone`` not."""

    seconds = CHANGE_SECONDS

    def __init__(self, installation: Installation) -> None:
        super().__init__(installation)
        self._turns = itertools.count()
        self._made: list[tuple[str, int]] = []
        self.kept: set[str] = set()
        self.gone: set[str] = set()
        self.done: Counter[str] = Counter()

    def turn(self) -> None:
        number = next(self._turns)
        what = ("upload", "edit", "upload", "delete", "upload", "erase")[number % 6]
        try:
            getattr(self, f"_{what}")(number)
        except (httpx.HTTPError, IndexError):
            self.done["refused"] += 1
            return
        self.done[what] += 1

    def _upload(self, number: int) -> None:
        self._made.append((self._put(number, f"What was said on day {number} of the survey."), number))

    def _edit(self, number: int) -> None:
        _, earlier = self._made[-1]
        self._put(earlier, f"Corrected on day {number}: nothing of it was so.")

    def _delete(self, _: int) -> None:
        document_id, _ = self._made.pop(0)
        self.kept.discard(document_id)
        self.installation.api.delete(f"/v1/documents/{document_id}").raise_for_status()
        self.gone.add(document_id)

    def _erase(self, number: int) -> None:
        wish = {"identifiers": [{"kind": "email", "value": f"surveyor-{number - 1}@bench.example"}]}
        document_id, _ = self._made.pop()
        self.kept.discard(document_id)
        self.installation.api.post("/v1/erasures", json=wish).raise_for_status()

    def _put(self, number: int, text: str) -> str:
        body = {
            "text": text,
            "source_uri": f"file:///survey/{number}",
            "subjects": [{"kind": "email", "value": f"surveyor-{number}@bench.example"}],
        }
        document_id = self.installation.api.post("/v1/documents", json=body).raise_for_status().json()["document_id"]
        self.kept.add(document_id)
        return document_id


class Killer(Beside):
    """Kills the embedded stack's processes in turn; its supervisor starts them again."""

    seconds = KILL_SECONDS

    def __init__(self, installation: Installation, kills: int) -> None:
        super().__init__(installation)
        self._victims = itertools.islice(itertools.cycle(VICTIMS), kills)
        self.done: Counter[str] = Counter()
        self.is_done = kills == 0

    def turn(self) -> None:
        victim = next(self._victims, None)
        if victim is None:
            self.is_done = True
            return
        os.kill(self.installation.pid(victim), signal.SIGKILL)
        self.done[victim] += 1
