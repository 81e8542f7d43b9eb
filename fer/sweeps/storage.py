"""This file opens what a sweep is stored in, a SQLite file or a PostgreSQL database, and lets its workers take turns."""

import fcntl
import hashlib
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import optuna
import sqlalchemy
from optuna.exceptions import ExperimentalWarning, StorageInternalError
from optuna.storages import RDBStorage
from sqlalchemy import URL
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from fer.errors import ConfigError, OutputError
from fer.files import refusals

#: Seconds that a worker waits while another one writes to the same SQLite file.
PATIENCE = 60

#: A block that only one worker of all is in at a time, on whatever machine.
Turn = Callable[[], AbstractContextManager[None]]


def parse(text: str) -> URL:
    """The place that a text names; ConfigError where workers could not share it."""
    try:
        url = sqlalchemy.make_url(text)
    except ArgumentError:
        raise ConfigError(f"--storage: found {text!r}, expected sqlite:///FILE or postgresql://USER@HOST/DATABASE") from None
    if url.drivername == "postgresql":  # SQLAlchemy 2.0 and 2.1 differ in the driver that they would take
        url = url.set(drivername="postgresql+psycopg")
    shared = url.get_backend_name() == "postgresql" or (url.get_backend_name() == "sqlite" and file_of(url) is not None)
    if not shared:
        raise ConfigError(f"--storage: found {shown(url)}, expected sqlite:///FILE or postgresql://USER@HOST/DATABASE")
    require_driver(url)
    return url


def require_driver(url: URL) -> None:
    """Raise ConfigError where the library that speaks to a database is not installed."""
    try:
        url.get_dialect().import_dbapi()
    except (ImportError, NoSuchModuleError) as error:
        raise ConfigError(f"--storage: {url.drivername} needs a driver ({error}): pip install 'ferlab[sweep]'") from None


def sqlite_file(path: Path) -> URL:
    """The place that is a SQLite file."""
    return URL.create("sqlite", database=str(path))


def file_of(url: URL) -> Path | None:
    """The SQLite file of a place; None for a server, or for memory."""
    is_file = url.get_backend_name() == "sqlite" and url.database not in (None, "", ":memory:")
    return Path(str(url.database)) if is_file else None


def shown(url: URL) -> str:
    """A place as it may be shown, without a password."""
    file = file_of(url)
    return str(file) if file is not None else url.render_as_string(hide_password=True)


@contextmanager
def reachable(url: URL) -> Iterator[None]:
    """Raise OutputError in place of what a database or its driver says of being out of reach."""
    try:
        yield
    except (SQLAlchemyError, StorageInternalError) as error:
        cause = error.__cause__ or error
        said = " ".join(str(getattr(cause, "orig", None) or cause).split())
        raise OutputError(
            f"the sweep's storage {shown(url)} cannot be used: {said}.\n"
            f"    Mend it, or name another one by --storage; the same command goes on with what is stored."
        ) from error


def turns(url: URL) -> Turn:
    """Turns for all workers of a place; whoever is in one loses it by dying, however that happens."""
    file = file_of(url)
    return database_turns(url) if file is None else file_turns(file.with_name(f"{file.name}.lock"))


def file_turns(path: Path) -> Turn:
    """Turns by a lock on a file."""

    @contextmanager
    def turn() -> Iterator[None]:
        with refusals(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            lock = path.open("w")
        with lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    return turn


def database_turns(url: URL) -> Turn:
    """Turns by an advisory lock of PostgreSQL, which machines that share nothing else can take."""
    key = int.from_bytes(hashlib.sha256(b"fer sweep").digest()[:8], "big", signed=True)
    engine = sqlalchemy.create_engine(url, poolclass=NullPool)

    @contextmanager
    def turn() -> Iterator[None]:
        with engine.begin() as connection:
            connection.execute(sqlalchemy.select(sqlalchemy.func.pg_advisory_xact_lock(key)))
            yield

    return turn


def open_storage(url: URL) -> RDBStorage:
    """The storage at a place, made where there is none."""
    arguments: dict[str, Any] = {"pool_pre_ping": True}
    if file_of(url) is not None:
        arguments = {"connect_args": {"timeout": PATIENCE}}
    quiet_optuna()
    return RDBStorage(url.render_as_string(hide_password=False), engine_kwargs=arguments)


def quiet_optuna() -> None:
    """Keep Optuna's news from the user."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    warnings.filterwarnings("ignore", category=ExperimentalWarning)


def open_for_reading(url: URL) -> RDBStorage | None:
    """The storage at a place, in which nothing can be written; None where nothing was stored yet."""
    quiet_optuna()
    file = file_of(url)
    if file is not None:
        if not file.is_file():
            return None
        url = sqlalchemy.make_url(f"sqlite:///file:{quote(str(file.absolute()))}?mode=ro&uri=true")
    engine = {} if file else {"connect_args": {"options": "-c default_transaction_read_only=on"}}
    text = url.render_as_string(hide_password=False)
    if not sqlalchemy.inspect(sqlalchemy.create_engine(text, poolclass=NullPool)).has_table("studies"):
        return None
    return RDBStorage(text, engine_kwargs=engine)
