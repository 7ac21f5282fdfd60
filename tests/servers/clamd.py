"""clamd: the real daemon with signatures of our own, and a server of its protocol that can misbehave."""

import asyncio
import hashlib
import shutil
import subprocess
import time
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from lethe.adapters.fakes.malware import EICAR

_START_SECONDS = 120.0


def clamd_binary() -> str | None:
    return shutil.which("clamd", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin:/opt/homebrew/sbin")


@contextmanager
def running_clamd(binary: str, max_bytes: int = 100 * 1024 * 1024) -> Generator[str]:
    """Yield `unix:<socket>` of a daemon that knows the EICAR file by its digest and by its bytes, and nothing else."""
    with TemporaryDirectory(prefix="clamd-", dir="/tmp") as name:
        folder = Path(name)
        database = folder / "db"
        database.mkdir()
        digest = hashlib.md5(EICAR, usedforsecurity=False).hexdigest()
        (database / "own.hdb").write_text(f"{digest}:{len(EICAR)}:Own.Eicar.File\n")
        (database / "own.ndb").write_text(f"Own.Eicar.Bytes:0:*:{EICAR.hex()}\n")
        configuration = folder / "clamd.conf"
        configuration.write_text(
            f"LocalSocket {folder}/clamd.sock\nDatabaseDirectory {database}\nForeground yes\nMaxThreads 2\n"
            f"TemporaryDirectory {folder}\nStreamMaxLength {max_bytes}\nOfficialDatabaseOnly no\n"
        )
        log = folder / "log"
        with log.open("wb") as out:
            server = subprocess.Popen([binary, "--config-file", str(configuration)], stdout=out, stderr=out)
        try:
            deadline = time.monotonic() + _START_SECONDS
            while not (folder / "clamd.sock").exists():
                if server.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"clamd did not start: {log.read_text(errors='replace')[-2000:]}")
                time.sleep(0.1)
            yield f"unix:{folder}/clamd.sock"
        finally:
            server.terminate()
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


class FakeClamd:
    """Speaks INSTREAM as clamd does. ``script`` makes it misbehave; ``seen`` keeps each file it was sent."""

    def __init__(self) -> None:
        self.script = ""
        self.max_bytes = 1 << 20
        self.seen: list[bytes] = []

    async def serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        try:
            await self._one(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _one(self, reader: StreamReader, writer: StreamWriter) -> None:
        if self.script == "hang up":
            return
        if await reader.readuntil(b"\0") != b"zINSTREAM\0":
            writer.write(b"UNKNOWN COMMAND\0")
            return
        data = b""
        while length := int.from_bytes(await reader.readexactly(4), "big"):
            data += await reader.readexactly(length)
            if len(data) > self.max_bytes:
                writer.write(b"INSTREAM size limit exceeded. ERROR\0")
                await writer.drain()
                return
        self.seen.append(data)
        if self.script == "silence":
            await reader.read()
        elif self.script == "half an answer":
            writer.write(b"stream: O")
        elif self.script == "error":
            writer.write(b"Can't allocate memory ERROR\0")
        elif self.script == "endless answer":
            writer.write(b"stream: " + b"x" * 100_000 + b" FOUND\0")
        else:
            writer.write(b"stream: Fake.Eicar FOUND\0" if EICAR in data else b"stream: OK\0")
        await writer.drain()


@asynccontextmanager
async def fake_clamd() -> AsyncGenerator[tuple[FakeClamd, str]]:
    """The server, and its `host:port`."""
    fake = FakeClamd()
    server = await asyncio.start_server(fake.serve, "127.0.0.1", 0)
    async with server:
        yield fake, f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
