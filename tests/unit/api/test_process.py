"""What the API's process does around its server."""

import subprocess
import sys

PROGRAM = """
import gc
from api.process import keep_what_started
there = [[number] for number in range(100_000)]
before = gc.get_freeze_count()
keep_what_started()
raise SystemExit(gc.get_freeze_count() < before + len(there))
"""


def test_the_collector_does_not_go_through_what_was_there_at_start() -> None:
    """In a process of its own: the tests' own collector is nobody's to change."""
    assert subprocess.run([sys.executable, "-c", PROGRAM], check=False, timeout=120).returncode == 0
