"""Workflows are imported in Temporal's sandbox on every start: they must not drag a vendor's SDK along."""

import json
import pkgutil
import subprocess
import sys
import tomllib
from pathlib import Path

import workflows

ROOT = Path(__file__).resolve().parents[2]
MODULES = ["workflows", *(module.name for module in pkgutil.walk_packages(workflows.__path__, "workflows."))]

PROBE = """
import importlib, json, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def vendors() -> set[str]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        contracts = tomllib.load(file)["tool"]["importlinter"]["contracts"]
    return next(set(contract["forbidden_modules"]) for contract in contracts if contract["id"] == "vendors")


def loaded_by(*modules: str) -> set[str]:
    done = subprocess.run([sys.executable, "-c", PROBE, *modules], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


def test_the_workflow_modules_load_no_vendor_sdk() -> None:
    """Together: what none of them all loads, none of them loads."""
    assert len(MODULES) > 10
    assert loaded_by(*MODULES) & vendors() == set()


def test_the_probe_sees_a_vendor_sdk() -> None:
    assert "sqlalchemy" in loaded_by("workflows", "sqlalchemy") & vendors()
