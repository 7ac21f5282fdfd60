"""The stand-in as a process.

    python -m tests.servers.embedding_provider --port 9100 [--dims 384] [--key let-me-in] [--latency 0.01]

Prints one JSON line {"url": ...} when it serves; ends with SIGTERM. What it does next: PUT /control/script, for example
{"first": [{"kind": "status", "status": 429, "retry_after": "1"}, {"kind": "hang", "seconds": 5}], "then": {}};
what it was asked: GET /control/requests; DELETE /control/requests forgets both.
"""

import argparse
import asyncio
import json
import signal

from tests.servers.embedding_provider.server import running_provider


async def serve(options: argparse.Namespace) -> None:
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    async with running_provider(**vars(options)) as provider:
        print(json.dumps({"url": provider.url}), flush=True)
        await stop.wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--dims", type=int, default=384)
    parser.add_argument("--key", default="let-me-in")
    parser.add_argument("--max-tokens", type=int, default=8_191)
    parser.add_argument("--latency", type=float, default=0.0)
    asyncio.run(serve(parser.parse_args()))
