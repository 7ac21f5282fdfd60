"""Data files inside installed packages."""

from importlib.util import find_spec
from pathlib import Path

from lethe.errors import ConfigurationError


def packaged(package: str, name: str) -> Path:
    """A file of a package, found without importing it: none of the package's code is run."""
    spec = find_spec(package)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        if (file := Path(folder) / name).is_file():
            return file
    raise ConfigurationError(f"the package {package} is not installed, or without {name}")
