"""This file says in one message which file or folder the system refuses to read."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fer.errors import DatabaseDamaged, FerError, InputError

#: What the system answers where a file is there and cannot be read; a file that is not there is another matter.
REFUSED = (errno.EACCES, errno.EPERM, errno.ELOOP, errno.ENAMETOOLONG, errno.EISDIR, errno.ENOTDIR, errno.EIO, errno.ESTALE)


@contextmanager
def readable(path: str | Path, error: type[FerError] = DatabaseDamaged) -> Iterator[None]:
    """Turn what the system refuses while the block reads `path`, a file or folder, into an `error` of the user's."""
    try:
        yield
    except OSError as refused:
        raise error(unread(refused.filename or path, refused)) from None


def unreadable(error: OSError) -> InputError | None:
    """The message for a file that nobody expected to be refused; None where something else went wrong."""
    return InputError(unread(error.filename, error)) if error.filename and error.errno in REFUSED else None


def unread(path: str | Path, error: OSError) -> str:
    """What to say of a file."""
    return f"{path}: cannot be read ({error.strerror}). Mend its permissions, or put back what belongs there."
