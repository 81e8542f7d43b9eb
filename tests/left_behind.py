"""This file compares what commands have left in a folder, byte by byte but for recorded times."""

import csv
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

#: What differs between two undisturbed runs: how long they took, when they began, and how they were carried out.
TIMES = ("seconds", "started", "argv")


def contents(folder: Path) -> dict[str, bytes]:
    """Every file and empty folder below a folder with its content, without times."""
    paths = [path for path in sorted(folder.rglob("*")) if path != folder / "tmp"]
    empty = {f"{path.relative_to(folder)}/": b"" for path in paths if path.is_dir() and not any(path.iterdir())}
    return empty | {str(path.relative_to(folder)): timeless(path) for path in paths if path.is_file()}


def timeless(path: Path) -> bytes:
    """The content of a file without what differs between two undisturbed runs."""
    if path.suffix == ".html":
        return b"a page, which says how long things took"
    content = path.read_bytes()
    if path.suffix == ".json":
        return json.dumps(without_times(json.loads(content))).encode()
    if path.name in ("history.csv", "pretraining.csv", "leaderboard.csv"):
        rows = csv.DictReader(io.StringIO(content.decode()))
        return repr([{key: row[key] for key in row if key not in TIMES} for row in rows]).encode()
    return content


def without_times(content: Any) -> Any:
    """JSON without the keys of times, at any depth."""
    if isinstance(content, dict):
        return {key: without_times(value) for key, value in content.items() if key not in TIMES}
    return [without_times(value) for value in content] if isinstance(content, list) else content


def differences(found: Mapping[str, bytes], expected: Mapping[str, bytes]) -> list[str]:
    """The names of what is missing, left over, or of another content."""
    return sorted(name for name in found.keys() | expected.keys() if found.get(name) != expected.get(name))
