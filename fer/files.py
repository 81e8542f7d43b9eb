"""This file writes files and folders so that nothing half-written is ever read: beside the target, then renamed."""

import csv
import errno
import io
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fer.errors import OutputError

#: The key of this project in the metadata of files whose format is another's: safetensors, ONNX, TorchScript.
METADATA = "ferlab"

#: What the system answers to any write once the disk is full, the quota used up, or the file too large.
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a path beside `path` to write to; it takes the place of `path` when the block ends without an error.

    Raises OutputError where the system refuses, and before the block begins where nothing can be written there at all.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    with refusals(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.touch()
    try:
        with refusals(path, only=FULL):
            yield beside
        with refusals(path):
            os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def made_once(folder: Path, make: Callable[[Path], None]) -> Path:
    """The folder; where it is missing, `make` fills another one beside it, which gets its name when it is whole.

    Of several processes that make the same folder at once the first one's stays. Raises OutputError as `replacing` does.
    """
    if folder.is_dir():
        return folder
    with refusals(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        with refusals(folder, only=FULL):
            make(beside)
        os.rename(beside, folder)
    except OSError:
        if not folder.is_dir():
            raise
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return folder


def require_writable(path: Path) -> None:
    """Raise OutputError where no file can be written at `path`, before time is spent on what belongs there.

    No folder is made and nothing is left: a file without a name is opened in the nearest folder that exists.
    """
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    with refusals(path), tempfile.TemporaryFile(dir=folder):
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))


@contextmanager
def refusals(path: Path, *, only: Container[int] | None = None) -> Iterator[None]:
    """Turn what the system refuses in the block, `only` these numbers of errno or any, into an OutputError about `path`.

    Without `only` the block must do nothing but write: a file that cannot be read there is a defect and stays one.
    """
    try:
        yield
    except OSError as error:
        if only is not None and error.errno not in only:
            raise
        reason = "a file is in the way" if isinstance(error, FileExistsError) else error.strerror
        raise OutputError(
            f"{path} cannot be written: {reason}.\n"
            f"    Name another place, or make this one writable: run.output is for results, FER_CACHE for what is prepared once."
        ) from error


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
