"""The tree keeps its own rules, and each rule notices a planted breach."""

from pathlib import Path

import pytest

from ops.check_tree import (
    MAX_LINES,
    NOTES,
    REGISTRIES,
    breaches,
    committed,
    environment_reads,
    long_files,
    migration_numbers,
    named_notes,
    registry_hosts,
)


def planted(root: Path, name: str, text: str) -> list[Path]:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return [path]


def test_the_tree_has_no_breach() -> None:
    assert breaches() == []


def test_the_rules_look_at_the_locks_and_the_code() -> None:
    names = {path.name for path in committed()}
    assert {"base.txt", "pyproject.toml", "docker-compose.yml", "check_tree.py"} <= names


@pytest.mark.parametrize("host", REGISTRIES)
def test_a_registry_host_is_found(tmp_path: Path, host: str) -> None:
    files = planted(tmp_path, "requirements/base.txt", f"# fine\n--index-url https://{host.upper()}/simple\n")
    assert list(registry_hosts(files, tmp_path)) == ["requirements/base.txt:2: names a package registry"]


@pytest.mark.parametrize("note", NOTES)
def test_a_page_that_is_not_in_the_tree_is_found(tmp_path: Path, note: str) -> None:
    files = planted(tmp_path, "api/app.py", f'"""The app.\n\nSee {note}.{"md"}, flows."""\n')
    assert list(named_notes(files, tmp_path)) == ["api/app.py:3: names a page that is not in the tree"]


def test_a_long_file_is_found(tmp_path: Path) -> None:
    assert list(long_files(planted(tmp_path, "api/fits.py", "x = 1\n" * MAX_LINES), tmp_path)) == []
    assert list(long_files(planted(tmp_path, "api/long.py", "x = 1\n" * (MAX_LINES + 1)), tmp_path)) == [
        "api/long.py:301: longer than 300 lines"
    ]


@pytest.mark.parametrize(
    "source", ["import os\nos.environ['A']\n", "import os\nos.getenv('A')\n", "x = 1\nfrom os import environ\n"]
)
def test_reading_the_environment_is_found(tmp_path: Path, source: str) -> None:
    assert list(environment_reads(planted(tmp_path, "api/app.py", source), tmp_path)) == [
        "api/app.py:2: reads the environment"
    ]


@pytest.mark.parametrize("name", ["lethe/settings/__init__.py", "cli/stack/programs.py"])
def test_settings_and_the_stack_may_read_the_environment(tmp_path: Path, name: str) -> None:
    assert list(environment_reads(planted(tmp_path, name, "import os\nos.environ\n"), tmp_path)) == []


def test_a_number_of_two_migrations_is_found(tmp_path: Path) -> None:
    texts = {"0001_a": "0001", "0002_b": "0002", "0002_c": "0002", "0003_d": "0002"}
    files = [
        path
        for name, number in texts.items()
        for path in planted(tmp_path, f"migrations/ledger/versions/{name}.py", f'revision = "{number}"\n')
    ]
    files += planted(tmp_path, "migrations/keyring/versions/0001_a.py", 'revision = "0001"\n')
    assert list(migration_numbers(files, tmp_path)) == [
        "migrations/ledger/versions/0002_c.py:1: needs a number of its own",
        "migrations/ledger/versions/0003_d.py:1: needs a number of its own",
    ]
