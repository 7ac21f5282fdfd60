"""A private PostgreSQL for tests: its own data folder and a Unix socket; a TCP port only for who needs one."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest

from cli.stack.ports import HOST

_VERSIONS = Path("/usr/lib/postgresql")
_EMPTY = """
DO $$ BEGIN
  PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid();
  EXECUTE (SELECT 'TRUNCATE ' || string_agg(quote_ident(tablename), ', ') FROM pg_tables
    WHERE schemaname = 'public' AND tablename NOT IN ('alembic_version', 'environment_stamp'));
END $$
"""
_UNCOMPRESSED = """
DO $$ DECLARE held record; BEGIN
  FOR held IN SELECT attrelid::regclass AS name, attname FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
    WHERE relkind IN ('r', 'p') AND relnamespace::regnamespace::text !~ '^(pg_|information_schema)'
      AND attnum > 0 AND NOT attisdropped AND attstorage IN ('x', 'm')
  LOOP EXECUTE format('ALTER TABLE %s ALTER COLUMN %I SET STORAGE EXTERNAL', held.name, held.attname); END LOOP;
END $$
"""
_USUAL_PORT = 5432
_START_SECONDS = 120.0


@contextmanager
def running_postgres() -> Generator["Postgres", None, None]:
    """Make a cluster, start it, wait for it, and kill it at the end. Fails the test if PostgreSQL is not installed."""
    with tempfile.TemporaryDirectory(prefix="lethe-pg-", ignore_cleanup_errors=True) as name:
        postgres = make_cluster(Path(name))
        user = postgres.user or None
        with (postgres.folder / "log").open("wb") as log:
            server = subprocess.Popen(
                postgres.argv,
                user=user,
                group=user,
                extra_groups=[] if user else None,
                cwd=postgres.folder,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            _wait(postgres, server)
            yield postgres
        finally:
            # SIGQUIT: immediate shutdown; the postmaster takes its children with it, SIGKILL would orphan them.
            server.send_signal(3)
            server.wait(timeout=30)


def make_cluster(folder: Path, port: int = 0) -> "Postgres":
    """An empty cluster in the folder, not started. ``port``: on loopback; 0: it is reached by its socket alone."""
    binaries = _binaries()
    # initdb refuses to run as root; Debian's package brings the user.
    user = pwd.getpwnam("postgres") if os.geteuid() == 0 else None
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)
    _run(user, [binaries / "initdb", "--no-sync", "-A", "trust", "-U", "lethe", "-E", "UTF8", "-D", folder / "data"])
    return Postgres(folder, binaries, user.pw_name if user else "", port)


class Postgres:
    """A cluster, running or not. ``user``: whom its server has to run as; empty: the user of this process."""

    def __init__(self, folder: Path, binaries: Path, user: str, port: int = 0) -> None:
        self.folder = folder
        self.user = user
        self.port = port
        self._binaries = binaries

    @property
    def argv(self) -> list[str]:
        """Its postmaster, on a Unix socket in the folder."""
        return [
            *(str(self._binaries / "postgres"), "-D", str(self.folder / "data"), "-k", str(self.folder)),
            *("-c", f"listen_addresses={HOST if self.port else ''}", "-p", self._port),
            *("-c", "fsync=off", "-c", "max_connections=200"),
        ]

    @property
    def ready_argv(self) -> list[str]:
        """Exits 0 when the server takes connections."""
        return [str(self._binaries / "pg_isready"), "-q", "-h", str(self.folder), "-p", self._port, "-t", "1"]

    @property
    def _port(self) -> str:
        """The socket's name ends with it, also without TCP."""
        return str(self.port or _USUAL_PORT)

    def url(self, database: str) -> str:
        """The database's address for SQLAlchemy."""
        return f"postgresql+asyncpg://lethe@/{database}?host={quote(str(self.folder))}"

    def create_database(self, name: str) -> str:
        """Make an empty database and return its address."""
        self._psql("postgres", f'CREATE DATABASE "{name}"')
        return self.url(name)

    def drop_database(self, name: str) -> None:
        self._psql("postgres", f'DROP DATABASE "{name}" WITH (FORCE)')

    def empty_database(self, name: str) -> None:
        """Take every row out but the schema's own, and end connections that a test left open."""
        self._psql(name, _EMPTY)

    def execute(self, database: str, statement: str) -> None:
        """Run a statement past everybody."""
        self._psql(database, statement)

    def store_uncompressed(self, database: str) -> None:
        """From now on no value of its tables is compressed: what is in one is in the files byte by byte."""
        self._psql(database, _UNCOMPRESSED)

    def _psql(self, database: str, statement: str) -> None:
        command = [str(self._binaries / "psql"), "-qX", "-v", "ON_ERROR_STOP=1", "-U", "lethe"]
        address = ["-h", str(self.folder), "-p", self._port, "-d", database]
        subprocess.run([*command, *address, "-c", statement], check=True)


def _wait(postgres: Postgres, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        if subprocess.run(postgres.ready_argv, check=False).returncode == 0:
            return
        time.sleep(0.05)
    raise RuntimeError(f"PostgreSQL did not start: {(postgres.folder / 'log').read_text(errors='replace')[-2000:]}")


def _binaries() -> Path:
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).resolve().parent
    installed = sorted(_VERSIONS.glob("*/bin/initdb"), key=lambda path: int(path.parent.parent.name))
    if not installed:
        pytest.fail("PostgreSQL is not installed: `apt-get install postgresql` (only its binaries are used)")
    return installed[-1].parent


def _run(user: pwd.struct_passwd | None, command: Sequence[str | Path]) -> None:
    subprocess.run(
        [str(part) for part in command],
        user=user.pw_uid if user else None,
        group=user.pw_gid if user else None,
        extra_groups=[] if user else None,
        cwd="/",
        env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
        check=True,
        stdout=subprocess.DEVNULL,
    )
