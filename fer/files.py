"""This file writes files and folders so that nothing half-written is ever read: beside the target, then renamed."""

import csv
import errno
import io
import json
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from fer.errors import FerError, OutputError
from fer.locks import LOCK, lock_beside, own, try_for, wait_for

#: The key of this project in the metadata of files whose format is another's: safetensors, ONNX, TorchScript.
METADATA = "ferlab"

#: What the names of half-written files and folders end in, so that those of other programs are never taken for ours.
PART = ".ferlab-part"

#: What the system answers to any write once the disk is full, the quota used up, or the file too large.
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

#: What safetensors, numpy and SQLite say of it, which keep that number to themselves.
FULL_BY_WORDS = re.compile(rf"(?:os error|code:) ({'|'.join(map(str, FULL))})\b|\d+ requested and \d+ written|disk is full")

PLACES = "run.output is for results, FER_CACHE for what is prepared once."


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a path beside `path` to write to; it takes the place of `path` when the block ends without an error.

    Raises OutputError where the system refuses, and before the block begins where nothing can be written there at all.
    """
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}{PART}")
    with refusals(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        forget_killed(path.parent)
        mine = own(beside)
    with mine:
        with room_for(path):
            yield beside
        with refusals(path):
            os.replace(beside, path)


def made_once(folder: Path, make: Callable[[Path], None]) -> Path:
    """The folder; where it is missing, `make` fills another one beside it, which gets its name when it is whole.

    Of several processes that want the same folder at once, one makes it and the others wait. Raises OutputError as
    `replacing` does.
    """

    def fill() -> None:
        beside = folder.with_name(f".{folder.name}{PART}")
        try:
            with refusals(folder):
                beside.mkdir()
            with room_for(folder):
                make(beside)
            os.rename(beside, folder)
        finally:
            shutil.rmtree(beside, ignore_errors=True)

    alone_at(folder, folder.is_dir, fill)
    return folder


def written_once(path: Path, write: Callable[[Path], None]) -> Path:
    """The file; where it is missing, `write` writes it, as `made_once` makes a folder."""

    def replace() -> None:
        with replacing(path) as beside:
            write(beside)

    alone_at(path, path.is_file, replace)
    return path


def alone_at(path: Path, is_there: Callable[[], bool], make: Callable[[], None]) -> None:
    """Make what belongs at `path`, unless it is there, or is once this process's turn comes."""
    lock = lock_beside(path)
    if is_there():
        if lock.exists():  # whoever made it was killed at the very end
            forget_killed(path.parent)
        return
    with refusals(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        forget_killed(path.parent)
        turn = wait_for(lock, f"makes {path}")
    with turn:
        if not is_there():
            make()


def forget_killed(folder: Path) -> None:
    """Delete what killed processes left in a folder: half-written files and folders, and locks, which nobody holds now."""
    for left in (*folder.glob(f".*{LOCK}"), *filter(Path.is_file, folder.glob(f".*{PART}"))):
        with suppress(OSError):  # another user's, who deletes it himself
            if (turn := try_for(left)) is not None:
                with turn:
                    shutil.rmtree(left.with_suffix(PART), ignore_errors=True)


def require_writable(path: Path) -> None:
    """Raise OutputError where no file can be written at `path`, before time is spent on what belongs there.

    No folder is made and nothing is left: a file without a name is opened in the nearest folder that exists.
    """
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    with refusals(path), tempfile.TemporaryFile(dir=folder):
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))


@contextmanager
def refusals(path: Path) -> Iterator[None]:
    """Turn what the system refuses in the block into an OutputError about `path`.

    The block must do nothing but write: a file that cannot be read there is a defect and stays one.
    """
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise no_room(path) from error
        reason = "a file is in the way" if isinstance(error, FileExistsError) else error.strerror
        raise OutputError(
            f"{path} cannot be written: {reason}.\n    Name another place, or make this one writable: {PLACES}"
        ) from error


@contextmanager
def room_for(path: Path) -> Iterator[None]:
    """Turn whatever tells of a full disk into an OutputError about `path`; the block may do more than write."""
    try:
        yield
    except FerError:
        raise
    except Exception as error:
        if is_full(error):
            raise no_room(path) from error
        raise


def is_full(error: BaseException | None) -> bool:
    """Whether an exception, or the one from which or during which it was raised, tells of a full disk."""
    while error is not None:
        if (isinstance(error, OSError) and error.errno in FULL) or FULL_BY_WORDS.search(str(error)):
            return True
        error = error.__cause__ or error.__context__
    return False


def no_room(path: Path) -> OutputError:
    """The message for a full disk."""
    return OutputError(
        f"{path} cannot be written: the disk is full, or what you may use of it.\n"
        f"    Make room and give the same command again, or name another place: {PLACES}"
    )


def write_atomically(path: Path, text: str) -> None:
    """Write `text` to `path`, whole or not at all."""
    with replacing(path) as beside:
        beside.write_text(text, encoding="utf-8")


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Write a table with its header to `path`, whole or not at all."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_atomically(path, text.getvalue())


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write `content` to `path` as readable JSON, whole or not at all; NaN is refused because JSON has none."""
    write_atomically(path, json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def read_json(path: Path) -> Any:
    """The content of a JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))
