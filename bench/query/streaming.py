"""One answer as it comes: Lethe's, and the bare path's of the same words."""

import bisect
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from bench.query.bare import BarePath
from bench.query.stub import Stub


@dataclass(frozen=True, slots=True)
class Streamed:
    """One streamed answer: milliseconds to its first token and to its end, when each token came, and the end itself."""

    first: float
    whole: float
    tokens: tuple[float, ...]
    done: dict[str, Any]

    @property
    def reasons(self) -> list[str]:
        """Why it is not as good as it could be."""
        return list(self.done["degraded_reasons"])


async def stream(client: httpx.AsyncClient, question: str) -> Streamed:
    """Ask for events and read them to the end. Raises HTTPStatusError."""
    started, tokens, name, done = time.perf_counter(), list[float](), "", dict[str, Any]()
    headers = {"Accept": "text/event-stream"}
    async with client.stream("POST", "/v1/query", json={"question": question}, headers=headers) as response:
        response.raise_for_status()
        async for line in response.aiter_lines():
            field, _, value = line.partition(": ")
            if field == "event":
                name = value
            elif field == "data" and name == "token":
                tokens.append(time.perf_counter())
            elif field == "data" and name in {"done", "error"}:
                done = json.loads(value)
    ended = time.perf_counter()
    first = tokens[0] if tokens else ended
    return Streamed((first - started) * 1000, (ended - started) * 1000, tuple(tokens), done)


async def bare_stream(path: BarePath, model: httpx.AsyncClient, stub: Stub, question: str) -> Streamed:
    """Search, then stream from the model what it said last; nothing else."""
    with stub.repeating():
        started, tokens = time.perf_counter(), list[float]()
        await path.search(question)
        body = {"model": "stub", "stream": True, "max_tokens": 500, "messages": [{"role": "user", "content": question}]}
        headers = {"Authorization": f"Bearer {stub.provider.key}"}
        async with model.stream("POST", "/v1/chat/completions", json=body, headers=headers) as response:
            async for line in response.aiter_lines():
                if '"content": "' in line and '"content": ""' not in line:
                    tokens.append(time.perf_counter())
        ended = time.perf_counter()
    return Streamed((tokens[0] - started) * 1000, (ended - started) * 1000, tuple(tokens), {})


async def lags(client: httpx.AsyncClient, stub: Stub, question: str) -> Sequence[float]:
    """From what the model wrote last to each token that reaches the reader: a held back piece waits for the next."""
    heard = (await stream(client, question)).tokens
    spoken = list(stub.spoken)
    return [(at - spoken[place - 1]) * 1000 for at in heard if (place := bisect.bisect(spoken, at))]
