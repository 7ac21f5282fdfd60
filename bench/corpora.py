"""Files and names to measure with."""

import shutil
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeVar

Item = TypeVar("Item")

ROOT: Final = Path(__file__).parents[1]
DATA: Final = ROOT.parent / "shared" / "data"
PEPS: Final = DATA / "peps"


def spread(items: Sequence[Item], count: int) -> list[Item]:
    """``count`` of them, evenly spread; all if it is 0 or there are no more."""
    if not 0 < count < len(items):
        return list(items)
    return [items[number * len(items) // count] for number in range(count)]


@contextmanager
def corpus(files: Sequence[Path]) -> Generator[Path]:
    """A folder of copies."""
    with tempfile.TemporaryDirectory(prefix="lethe-corpus-") as folder:
        fill(Path(folder), files)
        yield Path(folder)


def fill(folder: Path, files: Sequence[Path]) -> None:
    """Make the folder hold these files and no other."""
    for present in folder.iterdir():
        present.unlink()
    for path in files:
        shutil.copyfile(path, folder / path.name)
