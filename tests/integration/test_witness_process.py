"""The witness as a process of its own, killed and started again."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr

from cli.stack.probes import HttpProbe, serves
from lethe.adapters.witness.client import HttpWitness
from lethe.errors import CheckpointRefused, LogForked, WitnessUnavailable
from lethe.ports.witness import Tombstone
from lethe.settings import Settings, WitnessSettings
from tests.servers.ports import reserved_ports
from tests.unit.certificates.made import ORIGIN
from tests.unit.certificates.test_witnessing import advance, leaves

TOKEN = "a token"
BURIED = [Tombstone("0190d3a2-0000-7000-8000-000000000001", "version", f"v{number}") for number in range(1_200)]


@pytest.fixture
def port() -> int:
    return reserved_ports(1)[0]


@asynccontextmanager
async def running(folder: Path, port: int) -> AsyncGenerator[subprocess.Popen[bytes], None]:
    own = {"LETHE_WITNESS__PORT": str(port), "LETHE_WITNESS__TOKEN": TOKEN, "LETHE_WITNESS__FOLDER": str(folder)}
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": os.environ.get("PYTHONPATH", ""), **own}
    process = subprocess.Popen([sys.executable, "-m", "workers.witness"], env=environment)
    try:
        async with asyncio.timeout(60):
            while not await serves(HttpProbe(f"http://127.0.0.1:{port}/health")):
                assert process.poll() is None
                await asyncio.sleep(0.05)
        yield process
    finally:
        process.kill()
        process.wait()


@asynccontextmanager
async def client(port: int, token: str = TOKEN) -> AsyncGenerator[HttpWitness, None]:
    settings = Settings(witness=WitnessSettings(url=f"http://127.0.0.1:{port}", token=SecretStr(token)))
    witness = HttpWitness.from_settings(settings)
    yield witness
    await witness.close()


async def test_it_keeps_what_it_saw_through_a_kill(tmp_path: Path, port: int):
    folder = tmp_path / "witness"
    async with client(port) as witness:
        with pytest.raises(WitnessUnavailable):
            await witness.head(ORIGIN)
        async with running(folder, port) as process:
            assert (await witness.head(ORIGIN)).size == 0
            assert (await witness.cosign(advance(0, 9))).startswith("— lethe-witness/")
            await witness.bury(ORIGIN, BURIED)
            before = await witness.head(ORIGIN)
            process.send_signal(signal.SIGKILL)
            process.wait()
            with pytest.raises(WitnessUnavailable):
                await witness.head(ORIGIN)
        async with running(folder, port) as process:
            assert await witness.head(ORIGIN) == before
            assert (before.size, before.tombstones) == (9, len(BURIED))
            assert list(await witness.leaves(ORIGIN, 4)) == leaves(9)[4:]
            assert list(await witness.tombstones(ORIGIN, 1_000)) == BURIED[1_000:]
            with pytest.raises(LogForked):
                await witness.cosign(advance(9, 12, fork_at=3))
            with pytest.raises(WitnessUnavailable):
                await witness.cosign(advance(4, 9))
            with pytest.raises(CheckpointRefused):
                await witness.cosign(advance(9, 10, origin="lethe/another"))
            async with client(port, "another token") as stranger:
                with pytest.raises(WitnessUnavailable):
                    await stranger.head(ORIGIN)
            process.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(process.wait, 20) == 0


async def test_without_a_token_it_does_not_start(tmp_path: Path):
    environment = {"PATH": os.environ["PATH"], "LETHE_WITNESS__FOLDER": str(tmp_path)}
    command = [sys.executable, "-m", "workers.witness"]
    done = await asyncio.to_thread(subprocess.run, command, env=environment, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (1, "the witness needs witness.token\n")
