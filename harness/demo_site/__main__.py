"""`python -m harness.demo_site [--port N] [--misbehave RULE ...]`: serves the site until its standard input ends.

- The first line of standard input is a JSON object, user -> password: a password must not be seen in the list of
  processes.
- Once it listens it writes one line of JSON to standard output: `{"port": N, "pid": N}`.
- It ends by itself when standard input reaches its end, which is what a parent leaves behind however it died.
- Exit codes: 0 ended; 2 a rule or the accounts cannot be used; 4 the port is taken. Each error is three lines on
  standard error: what happened, why, what to do.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import sys
import threading
from typing import TYPE_CHECKING

import uvicorn

from harness.basics.errors import EnvironmentLacksError, HarnessError, UsageError
from harness.demo_site.misbehaviour import KINDS, RuleError, parse_rules
from harness.demo_site.server import create_app

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from harness.demo_site.misbehaviour import Rule

HOST = "127.0.0.1"
#: How long requests in flight may take once the end has come; a `hang` rule would hold the process for ever otherwise.
GRACE_S = 2.0


def main(arguments: list[str] | None = None) -> int:
    """Serves until standard input ends; returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        rules = _rules(options.misbehave)
        listener = _listen(options.port)
        with listener:
            _serve(create_app(_read_accounts(), rules), listener)
    except HarnessError as error:
        sys.stderr.write("\n".join(error.lines()) + "\n")
        return int(error.exit_code)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m harness.demo_site", description="The built-in site, on loopback.")
    parser.add_argument(
        "--port", type=int, choices=range(65536), metavar="N", default=0, help="0, the default, takes a free one"
    )
    parser.add_argument(
        "--misbehave",
        action="extend",
        nargs="+",
        default=[],
        metavar="RULE",
        help=f"KIND:/PATH[:ARG][@N], with a kind of {', '.join(KINDS)}",
    )
    return parser


def _rules(texts: list[str]) -> list[Rule]:
    try:
        return parse_rules(texts)
    except RuleError as refused:
        raise UsageError(
            "the site was given a rule of misbehaviour that cannot be read",
            why=str(refused),
            todo="correct the rule; examples: error500:/shop/cart, slow:/shop/product:800, error500:/shop/cart@10",
        ) from refused


def _listen(port: int) -> socket.socket:
    """A bound socket, so that a taken port is found before anything else is started."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen(1024)
    except OSError as refused:
        listener.close()
        raise EnvironmentLacksError(
            f"the built-in site cannot listen on {HOST}:{port}",
            why=f"the system says: {refused}",
            todo="end what listens there, or choose another port (0 takes a free one)",
        ) from refused
    return listener


def _read_accounts() -> dict[str, str]:
    """The first line of standard input, read byte by byte: what follows it belongs to `_end_with_stdin`."""
    if os.isatty(0):
        sys.stderr.write(
            'Type the accounts as one line of JSON, such as {"alice": "a password"}; Ctrl-D ends the site.\n'
        )
    line = bytearray()
    while (byte := os.read(0, 1)) not in (b"", b"\n"):
        line += byte
    try:
        accounts = json.loads(line)
    except ValueError:
        accounts = None  # the line itself may hold a password: neither it nor the parser's words about it are repeated
    if not isinstance(accounts, dict) or not all(isinstance(password, str) for password in accounts.values()):
        raise UsageError(
            "the site was not given its accounts",
            why="the first line of standard input is not a JSON object of user -> password",
            todo='write such a line to its standard input, for example {"alice": "a password"}',
        )
    return accounts


class _Announcing(uvicorn.Server):
    """Tells its port on standard output once it accepts connections."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        assert sockets, "the listener is bound before the server starts"
        sys.stdout.write(json.dumps({"port": sockets[0].getsockname()[1], "pid": os.getpid()}) + "\n")
        sys.stdout.flush()


def _serve(app: ASGIApp, listener: socket.socket) -> None:
    config = uvicorn.Config(
        app,
        access_log=False,
        log_level="warning",
        lifespan="off",
        ws="none",
        server_header=False,
        # Longer than a browser keeps an idle connection unused between two pages: a POST never meets one that is just
        # closing.
        timeout_keep_alive=75,
        timeout_graceful_shutdown=1,
    )
    server = _Announcing(config)
    threading.Thread(target=_end_with_stdin, args=(server,), name="end-with-stdin", daemon=True).start()
    server.run(sockets=[listener])


def _end_with_stdin(server: uvicorn.Server) -> None:
    """Runs in a thread of its own, which also ends a process whose event loop no longer turns."""
    while os.read(0, 4096):
        continue
    server.should_exit = server.force_exit = True
    threading.Event().wait(GRACE_S)
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
