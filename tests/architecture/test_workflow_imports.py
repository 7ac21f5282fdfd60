"""Workflows are imported in Temporal's sandbox on every start: they must not drag a vendor's SDK along."""

import json
import pkgutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import workflows

ROOT = Path(__file__).resolve().parents[2]
MODULES = ["workflows", *(module.name for module in pkgutil.walk_packages(workflows.__path__, "workflows."))]

PROBE = """
import importlib, json, sys
importlib.import_module(sys.argv[1])
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def vendors() -> set[str]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        contracts = tomllib.load(file)["tool"]["importlinter"]["contracts"]
    return next(set(contract["forbidden_modules"]) for contract in contracts if contract["id"] == "vendors")


def loaded_by(module: str) -> set[str]:
    done = subprocess.run([sys.executable, "-c", PROBE, module], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


@pytest.mark.parametrize("module", MODULES)
def test_a_workflow_module_loads_no_vendor_sdk(module: str) -> None:
    assert loaded_by(module) & vendors() == set()


def test_the_probe_sees_a_vendor_sdk() -> None:
    assert "sqlalchemy" in loaded_by("sqlalchemy") & vendors()
