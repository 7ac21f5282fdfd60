"""Every import-linter contract holds, and each is shown to fail when its forbidden import is planted."""

import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("cli", "api", "workers", "workflows", "activities", "lethe", "migrations")

# Contract id, the module that breaks it, the import that does.
BREACHES = [
    ("packages", "lethe/ingestion/planted.py", "import activities"),
    ("packages", "activities/planted.py", "import workflows"),
    ("packages", "workflows/planted.py", "import workers"),
    ("packages", "workers/planted.py", "import api"),
    ("cli", "cli/planted.py", "import api"),
    ("cli", "cli/stack/planted.py", "import workflows"),
    ("cli", "cli/planted.py", "import lethe.errors"),
    ("cli", "cli/planted.py", "import lethe.adapters"),
    ("cli-on-top", "workers/planted.py", "import cli.stack"),
    ("cli-on-top", "lethe/adapters/planted.py", "import migrations"),
    ("cli-on-top", "workers/planted.py", "import migrations.runner"),
    ("core", "lethe/retrieval/planted.py", "import lethe.ingestion"),
    ("core", "lethe/answering/planted.py", "import lethe.adapters.fakes"),
    ("core", "lethe/privacy/planted.py", "import lethe.indexing"),
    ("core", "lethe/ports/planted.py", "import lethe.privacy"),
    ("core", "lethe/contracts/planted.py", "import lethe.ports"),
    ("core", "lethe/model/planted.py", "import lethe.contracts"),
    ("core", "lethe/errors/planted.py", "import lethe.model"),
    ("core", "lethe/settings/planted.py", "import lethe.telemetry"),
    ("core", "lethe/unplaced/__init__.py", "import json"),
    ("adapters", "activities/planted.py", "import lethe.adapters.sql"),
    ("adapters", "workflows/planted.py", "import lethe.adapters.fakes"),
    ("adapters", "workers/planted.py", "import lethe.adapters.weaviate"),
    ("adapters", "api/routes/planted.py", "import lethe.adapters.sql"),
    ("platform", "lethe/model/planted.py", "import temporalio.workflow"),
    ("platform", "lethe/adapters/planted.py", "import fastapi"),
    ("vendors", "api/planted.py", "import sqlalchemy"),
    ("vendors", "activities/planted.py", "import weaviate"),
    ("vendors", "workers/planted.py", "import alembic.command"),
    ("vendors", "lethe/ingestion/planted.py", "import unstructured.partition.auto"),
    ("vendors", "lethe/ports/planted.py", "import tokenizers"),
]


def contract_names() -> dict[str, str]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        contracts = tomllib.load(file)["tool"]["importlinter"]["contracts"]
    return {contract["id"]: contract["name"] for contract in contracts}


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One copy for all tests, so that import-linter's cache spares it reading 300 files each time."""
    copy = tmp_path_factory.mktemp("tree")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", copy)
    return copy


@pytest.fixture
def plant(tree: Path) -> Iterator[Callable[[str, str], None]]:
    """Add a line to a module of the copy, or make the module; the copy is as before afterwards."""
    before: dict[Path, str | None] = {}

    def add(module: str, statement: str) -> None:
        path = tree / module
        path.parent.mkdir(exist_ok=True)
        now = path.read_text() if path.exists() else None
        before.setdefault(path, now)
        path.write_text(f"{now or ''}\n{statement}\n")

    yield add
    for path, text in before.items():
        path.unlink() if text is None else path.write_text(text)
        if not any(path.parent.iterdir()):
            path.parent.rmdir()


def lint_imports(tree: Path) -> tuple[int, str]:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports"))],
        cwd=tree,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_the_untouched_tree_passes(tree: Path) -> None:
    code, output = lint_imports(tree)
    assert code == 0, output
    assert f"Contracts: {len(contract_names())} kept, 0 broken." in output


def test_each_planted_import_is_found_by_its_contract(tree: Path, plant: Callable[[str, str], None]) -> None:
    """All in one run, whose report has a part for each contract that names the modules and what they import."""
    for _, module, statement in BREACHES:
        plant(module, statement)
    code, output = lint_imports(tree)
    assert code == 1
    broken = output.partition("Broken contracts")[2]
    missed = [breach for breach in BREACHES if not told(*breach, report=broken)]
    assert missed == [], output


def told(contract: str, module: str, statement: str, *, report: str) -> bool:
    name = contract_names()[contract]
    part = report.partition(f"\n{name}\n{'-' * len(name)}\n")[2].partition("\n----")[0]
    planted = module.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    imported = statement.removeprefix("import ")
    # A vendor is named without its submodule; a package nobody placed imports nothing that is forbidden.
    names = (imported, imported.partition(".")[0])
    return any(f"{planted} -> {each} (" in part for each in names) or f"- {planted}\n" in part


def test_a_breach_that_was_not_planted_would_be_missed(tree: Path, plant: Callable[[str, str], None]) -> None:
    planted, other = BREACHES[0], BREACHES[1]
    plant(*planted[1:])
    report = lint_imports(tree)[1].partition("Broken contracts")[2]
    assert told(*planted, report=report)
    assert not told(*other, report=report)


def test_every_contract_has_a_breach() -> None:
    assert {contract for contract, _, _ in BREACHES} == set(contract_names())


@pytest.mark.parametrize("package", ["api", "workers"])
def test_a_wiring_may_import_adapters(tree: Path, plant: Callable[[str, str], None], package: str) -> None:
    """The exception is as wide as it says."""
    is_folder = (tree / package / "wiring").is_dir()
    plant(f"{package}/wiring/planted.py" if is_folder else f"{package}/wiring.py", "import lethe.adapters.fakes")
    code, output = lint_imports(tree)
    assert code == 0, output
