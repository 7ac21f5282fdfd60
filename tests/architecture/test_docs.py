"""The generated pages say what the code says."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

from lethe.settings import Settings
from ops.generate_docs import PAGES, configuration_page, stale

ROOT = Path(__file__).resolve().parents[2]


def test_the_pages_are_current() -> None:
    """In a process of its own: other tests may have added error classes to this one."""
    done = subprocess.run(
        [sys.executable, "-m", "ops.generate_docs", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_an_edited_page_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    for name in PAGES:
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "docs/errors.md").write_text("# Errors\n")
    assert "docs/errors.md" in stale(tmp_path)


def test_every_setting_says_what_it_means() -> None:
    rows = [line for line in configuration_page().splitlines() if "| `LETHE_" in line and line.count("|") == 6]
    assert len(rows) > len(Settings.model_fields)
    assert [row for row in rows if row.endswith("|  |")] == []


def test_the_architecture_page_names_the_workflows_and_steps_that_exist() -> None:
    page = (ROOT / "docs/architecture.md").read_text()
    rows = [line.split("|")[1:3] for line in page.splitlines() if re.match(r"\| `[a-z-]+` \| [a-z]+_?[a-z]+", line)]
    told_workflows = {name.strip(" `") for name, _ in rows}
    told_steps = {word for _, steps in rows for word in re.findall(r"[a-z]+(?:_[a-z]+)*", steps)}
    code = "\n".join(
        path.read_text() for folder in ("workflows", "activities") for path in (ROOT / folder).glob("*.py")
    )
    assert told_workflows == set(re.findall(r'@workflow\.defn\(name="([a-z-]+)"\)', code))
    assert set(re.findall(r"@activity\.defn\n    async def (\w+)", code)) <= told_steps
