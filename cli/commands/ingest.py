"""`lethe ingest`: files and folders as one bulk ingestion, sent in groups and waited for."""

import json
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from cli.client import RETRIED, ApiError, Client, Unreachable, connect
from cli.errors import CommandError, Exit
from cli.output import Json, Output
from lethe.settings import Settings

GROUP_FILES: Final = 25
GROUP_BYTES: Final = 16 * 1024 * 1024
SENDERS: Final = 2
_NOT_READY: Final = "not_ready"
_SCHEME: Final = "file://"
_FIRST_POLL_SECONDS: Final = 0.25
_LONGEST_POLL_SECONDS: Final = 2.0
_COUNTS: Final = ("added", "updated", "skipped", "lost", "failed")

Advance = Callable[[Json], None]


@dataclass(frozen=True)
class Fields:
    """What is said of every document of one command, as the API takes it."""

    metadata: Mapping[str, Any]
    readers: Sequence[str]
    subjects: Sequence[Mapping[str, str]]
    classification: str | None = None

    def form(self) -> dict[str, str]:
        """As form fields; what is not set is not sent, so that it keeps its value."""
        form: dict[str, str] = {}
        if self.metadata:
            form["metadata"] = json.dumps(self.metadata)
        if self.readers:
            form["readers"] = json.dumps(list(self.readers))
        if self.subjects:
            form["subjects"] = json.dumps(list(self.subjects))
        if self.classification:
            form["classification"] = self.classification
        return form


@dataclass
class Ended:
    """What became of a command's files."""

    counts: Counter[str] = field(default_factory=Counter[str])
    failures: list[Json] = field(default_factory=list[Json])

    def fail(self, path: str, code: str, detail: str, document_id: str = "") -> None:
        self.failures.append({"path": path, "document_id": document_id, "code": code, "detail": detail})


def ingest(settings: Settings, output: Output, paths: Sequence[Path], fields: Fields, wait_seconds: float) -> Exit:
    """Send every file below the paths; SOME_FAILED if one of them failed, UNFINISHED if some were not done in
    time. What was sent before is skipped.

    `wait_seconds`: how long without any progress; 0: do not wait. Raises CommandError when the API is not there.
    """
    files = find_files(paths)
    if not files:
        raise CommandError("there are no files there", exit_code=Exit.USAGE)
    started = time.monotonic()
    with connect(settings) as client, _progress(len(files)) as advance:
        ingestion = client.post("/v1/ingestions", {"open": True})
        place = f"/v1/ingestions/{ingestion['id']}"
        try:
            ended = _send_all(client, place, files, fields.form(), advance)
        finally:
            # Also after Ctrl-C: what was sent is brought in, and nothing waits for more.
            key = {"Idempotency-Key": str(uuid.uuid4())}
            client.patiently(lambda: client.post(f"{place}/close", {}, key))
        if wait_seconds > 0:
            _wait(client, place, ended, wait_seconds, advance)
    named = {name: ended.counts[name] for name in _COUNTS[:-1]} | {"failed": len(ended.failures)}
    data: Json = {
        "ingestion_id": ingestion["id"],
        **named,
        "seconds": round(time.monotonic() - started, 1),
        "failures": ended.failures,
    }
    output.show(data, lambda: _text(named, ended.failures, data["seconds"]))
    if {each["code"] for each in ended.failures} == {_NOT_READY}:
        return Exit.UNFINISHED
    return Exit.SOME_FAILED if ended.failures else Exit.OK


def find_files(paths: Iterable[Path]) -> list[Path]:
    """Every file named, and every file below every folder named, hidden ones skipped; each once, absolute."""
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            inside = sorted(each for each in path.rglob("*") if each.is_file() and not _is_hidden(each, path))
            found.update(dict.fromkeys(each.absolute() for each in inside))
        else:
            found[path.absolute()] = None
    return list(found)


def _is_hidden(path: Path, below: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(below).parts)


def _send_all(client: Client, place: str, files: Sequence[Path], form: Mapping[str, str], advance: Advance) -> Ended:
    ended = Ended()

    def send(group: Sequence[Path]) -> None:
        for taken in _send(client, place, group, form, ended):
            if taken["outcome"] is None:
                ended.fail(_path(taken["name"]), taken["code"], "")
            else:
                ended.counts["updated" if taken["outcome"] == "metadata_updated" else taken["outcome"]] += 1
        advance(client.get(place))

    with ThreadPoolExecutor(SENDERS) as pool:
        try:
            for _ in pool.map(send, _groups(files, ended)):
                pass
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return ended


def _groups(files: Iterable[Path], ended: Ended) -> Iterator[list[Path]]:
    """Few enough files for one request; one that cannot be read is told and left out."""
    group: list[Path] = []
    held = 0
    for path in files:
        try:
            size = path.stat().st_size
            path.open("rb").close()
        except OSError as error:
            ended.fail(str(path), "unreadable_file", error.strerror or str(error))
            continue
        if group and (len(group) == GROUP_FILES or held + size > GROUP_BYTES):
            yield group
            group, held = [], 0
        group.append(path)
        held += size
    if group:
        yield group


def _send(client: Client, place: str, group: Sequence[Path], form: Mapping[str, str], ended: Ended) -> list[Json]:
    key = str(uuid.uuid4())

    def once() -> Json:
        with ExitStack() as stack:
            parts = [(path.as_uri().removeprefix(_SCHEME), stack.enter_context(path.open("rb"))) for path in group]
            return client.send_files(f"{place}/documents", parts, {"source_prefix": _SCHEME, **form}, key)

    try:
        return client.patiently(once)["taken"]
    except ApiError as error:
        problem = error.problem
        for path in group:
            ended.fail(str(path), problem.code, problem.detail or problem.title)
    except (Unreachable, OSError) as error:
        for path in group:
            ended.fail(str(path), "api_unreachable", str(error))
    return []


def _wait(client: Client, place: str, ended: Ended, wait_seconds: float, advance: Advance) -> None:
    """Until every document is done, or nothing has moved for too long."""
    seen, moved, pause = -1, time.monotonic(), _FIRST_POLL_SECONDS
    while True:
        view = _view(client, place)
        if view is not None:
            advance(view)
            if view["done"] != seen:
                seen, moved, pause = view["done"], time.monotonic(), _FIRST_POLL_SECONDS
            if view["done"] >= view["total"]:
                break
        if time.monotonic() - moved > wait_seconds:
            ended.fail("", _NOT_READY, f"nothing moved for {wait_seconds:.0f} s; it goes on")
            break
        time.sleep(pause)
        pause = min(1.5 * pause, _LONGEST_POLL_SECONDS)
    if view is not None:
        ended.counts.update({name: view[name] - ended.counts[name] for name in _COUNTS[:-1]})
    cursor: str | None = None
    while True:
        params: dict[str, str | int] = {"status": "failed", "limit": 200, **({"cursor": cursor} if cursor else {})}
        page = client.get(f"{place}/documents", params)
        for item in page["items"]:
            why = client.get(f"/v1/documents/{item['document_id']}").get("failure") or {"detail": ""}
            ended.fail(_path(item["name"]), item["code"], why["detail"], item["document_id"])
        cursor = page["next_cursor"]
        if not cursor:
            return


def _view(client: Client, place: str) -> Json | None:
    """The ingestion; None while the API is away."""
    try:
        return client.get(place)
    except Unreachable:
        return None
    except ApiError as error:
        if error.status in RETRIED:
            return None
        raise


def _path(name: str) -> str:
    return name.removeprefix(_SCHEME)


def _progress(total: int) -> AbstractContextManager[Advance]:
    return _Bar(total) if sys.stderr.isatty() else nullcontext(lambda view: None)


class _Bar(AbstractContextManager[Advance]):
    """A progress bar on the terminal: done of all, documents a second, failures."""

    def __init__(self, total: int) -> None:
        columns = (
            TextColumn("ingesting"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]:.1f}/s, {task.fields[failed]} failed"),
            TimeElapsedColumn(),
        )
        self._bar = Progress(*columns, console=Console(stderr=True), transient=True)
        self._task = self._bar.add_task("ingesting", total=total, rate=0.0, failed=0)

    def __enter__(self) -> Advance:
        self._bar.start()
        return lambda view: self._bar.update(
            self._task, completed=view["done"], rate=view["rate"], failed=view["failed"]
        )

    def __exit__(self, *_: object) -> None:
        self._bar.stop()


def _text(counts: Mapping[str, int], failures: Sequence[Json], seconds: float) -> str:
    lines = [f"{', '.join(f'{count} {name}' for name, count in counts.items())} in {seconds:.1f} s"]
    lines += [f"  {each['path']}: {each['code']}: {each['detail']}" for each in failures]
    return "\n".join(lines)
