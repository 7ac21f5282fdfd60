"""The witness over HTTP."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final, Self

import httpx

from lethe.errors import CheckpointRefused, LogForked, WitnessUnavailable
from lethe.ports.witness import Advance, Tombstone, WitnessHead
from lethe.privacy.certificates.notes import unb64
from lethe.settings import Settings

_BURIED_AT_ONCE: Final = 1_000
_ERRORS: Final = {error.code: error for error in (CheckpointRefused, LogForked, WitnessUnavailable)}


class HttpWitness:
    """lethe.ports.witness.Witness. Connects on first use."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Without an address it never answers: certificates wait."""
        witness = settings.witness
        token = {"Authorization": f"Bearer {witness.token.get_secret_value()}"}
        # A proxy of the environment has no business between these two.
        return cls(
            httpx.AsyncClient(base_url=witness.url, headers=token, timeout=witness.timeout_seconds, trust_env=False)
        )

    async def head(self, origin: str) -> WitnessHead:
        return WitnessHead(**await self._ask("GET", "/head", {"origin": origin}))

    async def cosign(self, advance: Advance) -> str:
        return str((await self._ask("POST", "/checkpoints", body=asdict(advance)))["line"])

    async def leaves(self, origin: str, begin: int) -> Sequence[bytes]:
        found = await self._ask("GET", "/leaves", {"origin": origin, "begin": str(begin)})
        return [unb64(leaf) for leaf in found["leaves"]]

    async def bury(self, origin: str, tombstones: Sequence[Tombstone]) -> None:
        for start in range(0, len(tombstones), _BURIED_AT_ONCE):
            page = [asdict(each) for each in tombstones[start : start + _BURIED_AT_ONCE]]
            await self._ask("POST", "/tombstones", body={"origin": origin, "tombstones": page})

    async def tombstones(self, origin: str, begin: int) -> Sequence[Tombstone]:
        found = await self._ask("GET", "/tombstones", {"origin": origin, "begin": str(begin)})
        return [Tombstone(**each) for each in found["tombstones"]]

    async def close(self) -> None:
        await self._client.aclose()

    async def _ask(
        self, method: str, path: str, query: Mapping[str, str] | None = None, body: object = None
    ) -> dict[str, Any]:
        if not str(self._client.base_url):
            raise WitnessUnavailable("no witness is configured")
        try:
            answer = await self._client.request(method, path, params=query, json=body)
            found: dict[str, Any] = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise WitnessUnavailable from error
        if answer.is_success:
            return found
        error = _ERRORS.get(str(found.get("code")), WitnessUnavailable)
        raise error(str(found.get("detail", "")))
