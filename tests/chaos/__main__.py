"""`python -m tests.chaos --seed N --kills 30 --minutes 10 [--stack postgres] [--report FOLDER]`."""

import argparse
import asyncio
import json
import os
import secrets
import shutil
import sys
import tempfile
from pathlib import Path

from tests.chaos.installation import installation
from tests.chaos.plan import COMPONENTS, LEAST, plan
from tests.chaos.report import write_report
from tests.chaos.suite import Outcome, is_clean, run, scratch_folder, summary

_ENOUGH_BUSY = 0.8
_FIRST_SHOWN = 25


def main() -> int:
    """Run once. The last line is JSON; 0 only if nothing was wrong and the run was as hard as asked for."""
    wish = _arguments()
    seed = wish.seed if wish.seed is not None else secrets.randbelow(10**6)
    _say(f"seed {seed}")
    folder = scratch_folder(seed, Path(tempfile.gettempdir()))
    outcome = asyncio.run(_run(folder, seed, wish))
    figures = {"seed": seed, "stack": wish.stack, "minutes": wish.minutes, **summary(outcome)}
    complaints = _complaints(outcome, wish)
    ok = is_clean(outcome) and not complaints
    for violation in outcome.book.violations[:_FIRST_SHOWN]:
        _say(f"VIOLATION online {violation.kind} at {violation.at} s: {violation.detail}")
    for finding in outcome.result.findings[:_FIRST_SHOWN]:
        _say(f"VIOLATION {finding.kind} in {finding.place}: {finding.detail}")
    for complaint in complaints:
        _say(f"NOT ENOUGH: {complaint}")
    if wish.report:
        write_report(Path(wish.report), wish.name, figures, outcome, ok=ok)
    if ok:
        shutil.rmtree(folder, ignore_errors=True)
    else:
        _say(f"logs and stores are kept in {folder}; the same plan again: --seed {seed}")
    sys.stdout.write(json.dumps({"name": wish.name, "figures": figures, "ok": ok}) + "\n")
    return 0 if ok else 1


async def _run(folder: Path, seed: int, wish: argparse.Namespace) -> Outcome:
    async with installation(folder, wish.stack) as running:
        _say(f"{len(running.children)} processes serve")
        return await run(running, seed, plan(seed, wish.kills), wish.minutes * 60, _say)


def _complaints(outcome: Outcome, wish: argparse.Namespace) -> list[str]:
    figures = summary(outcome)
    found: list[str] = []
    if figures["kills"] < wish.kills:
        found.append(f"{figures['kills']} of {wish.kills} kills in {wish.minutes} minutes")
    if outcome.seconds > wish.minutes * 60:
        found.append(f"{outcome.seconds} s with the drain, {wish.minutes} minutes were allowed")
    if figures["kills_with_work_in_flight"] < _ENOUGH_BUSY:
        found.append(f"work in flight at {figures['kills_with_work_in_flight']:.0%} of the kills")
    if wish.kills >= LEAST * len(COMPONENTS):
        rare = [name for name in COMPONENTS if figures["kills_by_component"].get(name, 0) < LEAST]
        found += [f"{name} was killed less than {LEAST} times" for name in rare]
    return found


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--stack", choices=["embedded", "postgres"], default="embedded")
    parser.add_argument("--report", default="", help="a folder for the run's JSON and Markdown")
    parser.add_argument("--name", default="chaos")
    return parser.parse_args()


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    # The SDK's native threads can abort an interpreter that is tearing down (sdk-python issue 300).
    os._exit(code)
