"""A run comes to its end, whatever hangs in it."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

HANGS = """
import signal, threading
import pytest
import tests.timeouts

tests.timeouts.AGAIN_AFTER = 0.3


@pytest.fixture
def server():
    yield
    signal.pause()


@pytest.mark.timeout(0.5)
def test_hangs(server):
    try:
        signal.pause()
    except pytest.fail.Exception:
        threading.Event().wait()


def test_follows():
    pass
"""
"""Another than the test hears the first word of it; then the fixture hangs, too."""


def test_what_does_not_hear_that_its_time_is_over_is_told_again(tmp_path: Path) -> None:
    (tmp_path / "test_hanging.py").write_text(HANGS)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.timeouts", "-p", "no:cacheprovider", "--rootdir=."]
    ended = subprocess.run(
        [*command, "test_hanging.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert "1 failed, 1 passed, 1 error" in ended.stdout, ended.stdout + ended.stderr
