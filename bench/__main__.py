"""Latency of questions and searches on the running stack (`make up` or `make demo` first), one client, in turn.

The questions are those of tests/e2e/golden_questions.json, each once.
"""

import json
import statistics
import sys
import time
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    """Exit code 1 if no stack runs or a request fails."""
    record = ROOT / ".lethe" / "stack.json"
    if not record.exists() or json.loads(record.read_text())["phase"] != "running":
        print("no stack runs here: `make demo` first", file=sys.stderr)
        return 1
    address = json.loads(record.read_text())["addresses"]["api"]
    key = (ROOT / ".lethe" / "admin.key").read_text().strip()
    questions = [each["question"] for each in json.loads((ROOT / "tests/e2e/golden_questions.json").read_text())]
    with httpx.Client(base_url=address, headers={"X-API-Key": key}, timeout=60) as client:
        for route in ("/v1/search", "/v1/query"):
            milliseconds = sorted(_ask(client, route, question) for question in questions)
            p95 = milliseconds[int(len(milliseconds) * 0.95)]
            print(f"{route}: {len(questions)} asked, p50 {statistics.median(milliseconds):.0f} ms, p95 {p95:.0f} ms")
    return 0


def _ask(client: httpx.Client, route: str, question: str) -> float:
    started = time.perf_counter()
    made_anew = {"no_store": True} if route == "/v1/query" else {}
    client.post(route, json={"question": question} | made_anew).raise_for_status()
    return (time.perf_counter() - started) * 1000


if __name__ == "__main__":
    sys.exit(main())
