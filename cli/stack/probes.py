"""How to tell that a process serves."""

import asyncio
from dataclasses import dataclass, field

import httpx


@dataclass(frozen=True)
class HttpProbe:
    """Answers 2xx to a GET."""

    url: str
    headers: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class CommandProbe:
    """A command exits 0."""

    argv: tuple[str, ...]


@dataclass(frozen=True)
class TcpProbe:
    """Something accepts connections."""

    host: str
    port: int


Probe = HttpProbe | CommandProbe | TcpProbe

_TIMEOUT_SECONDS = 3.0


async def serves(probe: Probe) -> bool:
    """Ask once; no answer within three seconds counts as no."""
    try:
        async with asyncio.timeout(_TIMEOUT_SECONDS):
            match probe:
                case HttpProbe():
                    return await _answers(probe)
                case CommandProbe():
                    return await _succeeds(probe)
                case TcpProbe():
                    return await _accepts(probe)
    except TimeoutError:
        return False


async def _answers(probe: HttpProbe) -> bool:
    # A proxy of the environment has no business between processes of one machine.
    async with httpx.AsyncClient(trust_env=False, verify=probe.url.startswith("https")) as client:
        try:
            return (await client.get(probe.url, headers=probe.headers, timeout=_TIMEOUT_SECONDS)).is_success
        except httpx.HTTPError:
            return False


async def _succeeds(probe: CommandProbe) -> bool:
    process = await asyncio.create_subprocess_exec(
        *probe.argv, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        return await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _accepts(probe: TcpProbe) -> bool:
    try:
        _, writer = await asyncio.open_connection(probe.host, probe.port)
    except OSError:
        return False
    writer.close()
    return True
