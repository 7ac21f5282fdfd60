"""A stack of small stand-in processes under the real supervisor, as a program of its own so that it can be killed.

`python -m tests.servers.stand_in_stack STATE PORT PORT [fail | broken]`: prints `ready` once both serve.
Each stand-in answers GET with 200, ends with code 7 on GET /crash, and has a child of its own in its group.
"""

import asyncio
import sys
import time
from pathlib import Path

from cli.errors import CommandError
from cli.output import say, say_error
from cli.stack.probes import HttpProbe
from cli.stack.programs import Program, Stage, Step
from cli.stack.state import StateFolder
from cli.stack.supervisor import Supervisor

_SERVER = """
import http.server, os, subprocess, sys
subprocess.Popen(["sleep", "600"])
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/crash":
            os._exit(7)
        self.send_response(200)
        self.end_headers()
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


def program(name: str, port: int, server: str) -> Program:
    return Program(
        name=name,
        argv=(sys.executable, "-S", "-c", server, str(port)),
        env={},
        ready=HttpProbe(f"http://127.0.0.1:{port}/"),
        start_seconds=60.0,
        stop_seconds=5.0,
    )


def main() -> None:
    state, first, second = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    code = "1" if "fail" in sys.argv else "0"
    folder = StateFolder(state)
    folder.create()
    server = "raise SystemExit('no luck')" if "broken" in sys.argv else _SERVER
    stages: list[Stage] = [
        (program("first", first, server),),
        Step("step", (sys.executable, "-S", "-c", f"print('the step ran'); raise SystemExit({code})"), {}),
        (program("second", second, server),),
    ]
    supervisor = Supervisor(folder, stages, say, {})
    try:
        asyncio.run(supervisor.run(lambda record: say("ready"), time.monotonic()))
    except CommandError as error:
        say_error(error)
        sys.exit(1)


if __name__ == "__main__":
    main()
