"""Clear text never outlives the process that reads it by more than the next start."""

import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from workers.scratch import private_scratch

HOLDER = """
import sys, time
from pathlib import Path
from workers.scratch import private_scratch
with private_scratch(Path(sys.argv[1])) as folder:
    (folder / "document.txt").write_text("secret")
    print(folder, flush=True)
    time.sleep(60)
"""


@contextmanager
def holder(parent: Path) -> Generator[tuple[subprocess.Popen[str], Path]]:
    """Another process with a scratch folder and a document in it."""
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(parent)], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process, Path(process.stdout.readline().strip())
        finally:
            process.kill()


def folders(parent: Path) -> list[Path]:
    return [path for path in parent.iterdir() if path.is_dir()]


def test_the_folder_is_private_and_goes_with_the_process(tmp_path: Path) -> None:
    parent = tmp_path / "scratch"
    with private_scratch(parent) as folder:
        (folder / "read-1").mkdir()
        assert folder.stat().st_mode & 0o077 == 0
    assert [path.name for path in parent.iterdir()] == [".making"]


def test_what_a_killed_process_left_is_removed_and_a_living_one_keeps_its_own(tmp_path: Path) -> None:
    with holder(tmp_path) as (killed, left), holder(tmp_path) as (_, kept):
        killed.kill()
        killed.wait()
        assert (left / "document.txt").exists()
        with private_scratch(tmp_path) as own:
            assert sorted(folders(tmp_path)) == sorted([kept, own])
            assert (kept / "document.txt").exists()
            assert not left.with_name(f"{left.name}.lock").exists()


def test_names_of_folders_say_nothing_of_who_lives(tmp_path: Path) -> None:
    """In another container process 1 lives as well; only a lock that is held keeps a folder."""
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / "document.txt").write_text("secret")
    (tmp_path / "0123.lock").touch()
    with private_scratch(tmp_path) as own:
        assert folders(tmp_path) == [own]
        assert not (tmp_path / "0123.lock").exists()


def test_one_process_may_have_two(tmp_path: Path) -> None:
    with private_scratch(tmp_path) as one, private_scratch(tmp_path) as other:
        assert sorted(folders(tmp_path)) == sorted([one, other])
