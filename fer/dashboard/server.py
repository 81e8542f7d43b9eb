"""This file serves the dashboard to this machine alone, and ends at once when the user wants it to."""

import errno
import socket
from pathlib import Path

import uvicorn

from fer.dashboard.app import application
from fer.errors import ConfigError

#: Loopback: no other machine can connect.
HOST = "127.0.0.1"

#: Where the dashboard is unless the user says otherwise, so that a bookmark keeps its meaning.
PORT = 8427

#: Seconds that an answer which is being computed may take after Ctrl-C.
PATIENCE = 1


def listening(port: int | None) -> socket.socket:
    """A socket on the port, or on the usual one, or on any that is free where another program has that.

    ConfigError where the user named a port that cannot be had.
    """
    try:
        return bound(PORT if port is None else port)
    except OSError as error:
        if port is None and error.errno == errno.EADDRINUSE:
            return bound(0)
        raise ConfigError(
            f"--port: {port} cannot be had ({error.strerror}), expected one that no other program listens on. "
            f"Name another one, or leave --port out: a free one is found."
        ) from None


def bound(port: int) -> socket.socket:
    """A socket on a port of this machine; 0 is any that is free."""
    made = socket.socket()
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((HOST, port))
        made.listen()
    except OSError:
        made.close()
        raise
    return made


def address(made: socket.socket) -> str:
    """What a browser is to be given."""
    return f"http://{HOST}:{made.getsockname()[1]}/"


def serve(folder: Path, made: socket.socket) -> None:
    """Answer requests until the user ends it by Ctrl-C, which raises KeyboardInterrupt."""
    config = uvicorn.Config(
        application(folder),
        log_level="error",
        lifespan="off",
        ws="none",
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=PATIENCE,
    )
    uvicorn.Server(config).run(sockets=[made])
