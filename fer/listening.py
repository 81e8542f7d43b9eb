"""This file listens on a port for the commands that answer a browser, and ends at once when the user wants it to."""

import errno
import socket
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from fer.errors import ConfigError

if TYPE_CHECKING:
    from starlette.applications import Starlette

#: Loopback: no other machine can connect.
HOST = "127.0.0.1"

#: The names that this machine has for itself; a request for another one comes from a page that pretends to be here.
HOSTS = (HOST, "localhost")


def require_packages(what: str, *names: str, extra: str) -> None:
    """Raise ConfigError where a library that answers requests is missing."""
    if missing := [name for name in names if find_spec(name) is None]:
        raise ConfigError(f"{what} needs the package {missing[0]!r}, which is not installed: pip install 'ferlab[{extra}]'")


def require_port(port: int | None) -> None:
    """Raise ConfigError for a number that is no port."""
    if port is not None and not 1 <= port <= 65535:
        raise ConfigError(f"--port: found {port}, expected a number from 1 to 65535")


def listening(port: int | None, *, usual: int, host: str = HOST) -> socket.socket:
    """A socket on the port, or on the usual one, or on any that is free where another program has that.

    ConfigError where the user named a port or a host that cannot be had.
    """
    try:
        return bound(usual if port is None else port, host)
    except OSError as error:
        if port is None and error.errno == errno.EADDRINUSE:
            return bound(0, host)
        raise refused(port, host, error) from None


def bound(port: int, host: str = HOST) -> socket.socket:
    """A socket on a port of this machine; 0 is any that is free."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sends small answers at once (TCP_NODELAY) only where the protocol is named; without it each waits for 40 ms.
    made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((host, port))
        made.listen()
    except OSError:
        made.close()
        raise
    return made


def refused(port: int | None, host: str, error: OSError) -> ConfigError:
    """What to tell of a socket that cannot be had."""
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        return ConfigError(
            f"--host: found {host!r}, expected an address of this machine: {HOST}, or 0.0.0.0 for all of them ({error.strerror})"
        )
    return ConfigError(
        f"--port: {port} cannot be had ({error.strerror}), expected one that no other program listens on. "
        f"Name another one, or leave --port out: a free one is found."
    )


def address(made: socket.socket) -> str:
    """What a browser is to be given."""
    host, port = made.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"


def answer_requests(application: "Starlette", made: socket.socket, *, patience: int, **settings: Any) -> None:
    """Answer requests until the user ends it by Ctrl-C, which raises KeyboardInterrupt.

    Answers that are being computed then may take `patience` seconds; `settings` are further ones of uvicorn's.
    """
    import uvicorn

    config = uvicorn.Config(
        application,
        log_level="error",
        ws="none",
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=patience,
        **settings,
    )
    uvicorn.Server(config).run(sockets=[made])
