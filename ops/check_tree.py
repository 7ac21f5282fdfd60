"""Rules of the tree that no other tool checks; prints each breach as `path:line: rule`."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent

NOTES: Final = ("design", "defaults", "facts", "style", "temporal", "erasure", "field")
"""Working notes (`<name>.md`) that no reader of the tree has; what they say must stand where it is needed."""
MAX_LINES: Final = 300
ONE_FILE: Final = ("cli/verify_erasure.py",)
"""Handed to people who have nothing else of ours, so it may not become a folder."""
ENVIRONMENT_READERS: Final = ("lethe/settings/", "cli/stack/", "tests/")
"""The settings read it; the stack hands it to the processes it starts; tests set it."""

# Written in halves, so that this file does not break its own rule.
REGISTRIES: Final = tuple(
    f"{name}.{domain}"
    for name, domain in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("yarnpkg", "com"),
        ("proxy.golang", "org"),
        ("sum.golang", "org"),
        ("crates", "io"),
        ("repo1.maven", "org"),
        ("repo.maven.apache", "org"),
        ("rubygems", "org"),
        ("anaconda", "org"),
    )
)


def committed(root: Path = ROOT) -> list[Path]:
    """Every file git tracks or would add, that exists."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        check=True,
        capture_output=True,
    ).stdout.decode()
    return [path for name in listed.split("\0") if name and (path := root / name).is_file()]


def registry_hosts(files: Iterable[Path], root: Path = ROOT) -> Iterator[str]:
    """A lock or a script that names a registry forces it on everyone who has a mirror."""
    for path in files:
        for number, line in enumerate(_text(path).lower().splitlines(), start=1):
            if any(host in line for host in REGISTRIES):
                yield f"{path.relative_to(root)}:{number}: names a package registry"


def named_notes(files: Iterable[Path], root: Path = ROOT) -> Iterator[str]:
    """A page that is not in the tree tells its readers nothing."""
    note = re.compile(rf"(?<![\w-])({'|'.join(NOTES)})\.md\b")
    for path in files:
        for number, line in enumerate(_text(path).splitlines(), start=1):
            if note.search(line):
                yield f"{path.relative_to(root)}:{number}: names a page that is not in the tree"


def long_files(files: Iterable[Path], root: Path = ROOT) -> Iterator[str]:
    """Past 300 lines a module becomes a folder of the same name."""
    for path in files:
        if path.relative_to(root).as_posix() in ONE_FILE:
            continue
        if path.suffix == ".py" and (count := len(_text(path).splitlines())) > MAX_LINES:
            yield f"{path.relative_to(root)}:{count}: longer than {MAX_LINES} lines"


def environment_reads(files: Iterable[Path], root: Path = ROOT) -> Iterator[str]:
    """Only the settings read the environment, so that docs/configuration.md is complete."""
    for path in files:
        name = path.relative_to(root).as_posix()
        if path.suffix == ".py" and not name.startswith(ENVIRONMENT_READERS):
            yield from (f"{name}:{line}: reads the environment" for line in _environment_lines(_text(path)))


def migration_numbers(files: Iterable[Path], root: Path = ROOT) -> Iterator[str]:
    """Two changes that were made side by side may have taken the same number; each is named as its file is."""
    taken = set[tuple[str, str]]()
    for path in sorted(files):
        name = path.relative_to(root).as_posix()
        if (found := re.fullmatch(r"migrations/(\w+)/versions/(\d+)_\w+\.py", name)) is None:
            continue
        store, number = found.groups()
        if (store, number) in taken or f'\nrevision = "{number}"\n' not in f"\n{_text(path)}":
            yield f"{name}:1: needs a number of its own"
        taken.add((store, number))


def _environment_lines(source: str) -> Iterator[int]:
    names = {"environ", "environb", "getenv", "getenvb", "putenv"}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.value.id == "os" and node.attr in names:
                yield node.lineno
        elif isinstance(node, ast.ImportFrom) and node.module == "os" and names & {alias.name for alias in node.names}:
            yield node.lineno


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="ignore")


def breaches(root: Path = ROOT) -> list[str]:
    """Every breach of every rule, in the order of the files."""
    files = committed(root)
    return [
        *registry_hosts(files, root),
        *named_notes(files, root),
        *long_files(files, root),
        *environment_reads(files, root),
        *migration_numbers(files, root),
    ]


def main() -> int:
    """Exit code 1 if anything is found."""
    found = breaches()
    for line in found:
        print(line, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
