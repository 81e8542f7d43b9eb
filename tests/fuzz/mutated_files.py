"""This file damages files: each mutation takes a file and a generator of random numbers, and says what it did, or nothing."""

import json
import os
import pickle
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.random import Generator
from safetensors import safe_open
from safetensors.numpy import save_file

#: Says what was done; None where it cannot be done to this file.
Mutation = Callable[[Path, Generator], str | None]

HUGE = (b"99999999999999999999", b"4294967298", b"1e400", b"-1", b"9" * 5000, b"3.7", b"1e5")
NO_NUMBERS = (b"nan", b"inf", b"-inf", b"", b"NULL", b"None", b"true", "٣".encode())
TRICKS = (
    b"../../../etc/passwd",
    b"/etc/passwd",
    b"..",
    b"~",
    b"a\0b",
    b"C:\\x.png",
    b"\x1b[31mred",
    b"=1+1",
    b"%s%n",
    b"<b>",
    b"x" * 5000,
)
NAMES = (
    "\x1b[31mred.png",
    "a\nb.png",
    "=1+1.png",
    "x" * 240 + ".png",
    "..png",
    "[b].png",
    "ß´.jpg",
    "COPY (1).png",
    "x.tmp",
    ".hidden",
)


def truncated(path: Path, rng: Generator) -> str | None:
    content = path.read_bytes()
    kept = int(rng.integers(0, max(len(content), 1)))
    path.write_bytes(content[:kept])
    return f"cut to {kept} of {len(content)} bytes"


def emptied(path: Path, rng: Generator) -> str | None:
    path.write_bytes(b"")
    return "emptied"


def bits_flipped(path: Path, rng: Generator) -> str | None:
    content = bytearray(path.read_bytes())
    if not content:
        return None
    within = len(content) if rng.random() < 0.5 else min(len(content), 200)
    places = [(int(rng.integers(within)), int(rng.integers(8))) for _ in range(int(rng.integers(1, 9)))]
    for place, bit in places:
        content[place] ^= 1 << bit
    path.write_bytes(content)
    return f"bits flipped at {sorted(place for place, _ in places)}"


def lines_of(path: Path) -> list[bytes] | None:
    """The lines of a text; None for other files."""
    content = path.read_bytes()
    if not content or b"\0" in content or not content.isascii():
        return None
    return content.splitlines(keepends=True)


def cell_put(path: Path, rng: Generator, found: re.Pattern[bytes], instead: tuple[bytes, ...]) -> str | None:
    """Put something in place of what a pattern finds in one line."""
    lines = lines_of(path)
    if not lines:
        return None
    number = int(rng.integers(len(lines)))
    matches = list(found.finditer(lines[number]))
    if not matches:
        return None
    match, new = matches[int(rng.integers(len(matches)))], instead[int(rng.integers(len(instead)))]
    lines[number] = lines[number][: match.start()] + new + lines[number][match.end() :]
    path.write_bytes(b"".join(lines))
    return f"line {number + 1}: {match[0][:20]!r} became {new[:20]!r}"


NUMBER = re.compile(rb"-?\d+(\.\d+)?(e[-+]?\d+)?")
WORD = re.compile(rb"[A-Za-z0-9_./-]+")


def number_made_huge(path: Path, rng: Generator) -> str | None:
    return cell_put(path, rng, NUMBER, HUGE)


def number_taken_away(path: Path, rng: Generator) -> str | None:
    return cell_put(path, rng, NUMBER, NO_NUMBERS)


def another_digit(path: Path, rng: Generator) -> str | None:
    return cell_put(path, rng, re.compile(rb"\d"), tuple(b"%d" % digit for digit in range(10)))


def path_trick(path: Path, rng: Generator) -> str | None:
    return cell_put(path, rng, WORD, TRICKS)


def columns_swapped(path: Path, rng: Generator) -> str | None:
    lines = lines_of(path)
    if not lines or b"," not in lines[0]:
        return None
    a, b = (int(i) for i in rng.choice(lines[0].count(b",") + 1, 2, replace=False))
    only_body = rng.random() < 0.5
    for i in range(int(only_body), len(lines)):
        cells = lines[i].rstrip(b"\r\n").split(b",")
        if max(a, b) < len(cells):
            cells[a], cells[b] = cells[b], cells[a]
        lines[i] = b",".join(cells) + b"\n"
    path.write_bytes(b"".join(lines))
    return f"columns {a} and {b} swapped, {'below' if only_body else 'with'} the header"


def line_doubled(path: Path, rng: Generator) -> str | None:
    if not (lines := lines_of(path)):
        return None
    number = int(rng.integers(len(lines)))
    path.write_bytes(b"".join([*lines[: number + 1], *lines[number:]]))
    return f"line {number + 1} stands twice"


def line_dropped(path: Path, rng: Generator) -> str | None:
    if not (lines := lines_of(path)) or len(lines) < 2:
        return None
    number = int(rng.integers(len(lines)))
    path.write_bytes(b"".join(lines[:number] + lines[number + 1 :]))
    return f"line {number + 1} dropped"


def lines_swapped(path: Path, rng: Generator) -> str | None:
    if not (lines := lines_of(path)) or len(lines) < 3:
        return None
    a, b = (int(i) for i in rng.choice(len(lines), 2, replace=False))
    lines[a], lines[b] = lines[b], lines[a]
    path.write_bytes(b"".join(lines))
    return f"lines {a + 1} and {b + 1} swapped"


def other_encoding(path: Path, rng: Generator) -> str | None:
    if not (lines := lines_of(path)):
        return None
    encoding = ("utf-16", "utf-32", "utf-7", "utf-8-sig", "cp037")[int(rng.integers(5))]
    path.write_bytes(b"".join(lines).decode().encode(encoding))
    return f"written as {encoding}"


def bytes_put_in(path: Path, rng: Generator) -> str | None:
    content, junk = path.read_bytes(), (b"\0", b"\xff\xfe", b'"', b"\r", b"\n\n", b"\xc3\x28", b"\x1a")[int(rng.integers(7))]
    place = int(rng.integers(len(content) + 1))
    path.write_bytes(content[:place] + junk + content[place:])
    return f"{junk!r} put in at byte {place}"


def line_ends_changed(path: Path, rng: Generator) -> str | None:
    if not (lines := lines_of(path)):
        return None
    end = (b"\r\n", b"\r")[int(rng.integers(2))]
    path.write_bytes(end.join(line.rstrip(b"\r\n") for line in lines) + end)
    return f"lines end in {end!r}"


def page_instead(path: Path, rng: Generator) -> str | None:
    path.write_bytes(b"<!DOCTYPE html><html><body>Log in to download this file.</body></html>\n")
    return "a page of the web instead"


class Exploding:
    """What touches a file in the folder where it is unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, ("exploded",)


def pickle_instead(path: Path, rng: Generator) -> str | None:
    path.write_bytes(pickle.dumps(Exploding()))
    return "a pickle that runs code instead"


def deleted(path: Path, rng: Generator) -> str | None:
    path.unlink()
    return "deleted"


def renamed(path: Path, rng: Generator) -> str | None:
    name = NAMES[int(rng.integers(len(NAMES)))]
    path.rename(path.with_name(name))
    return f"renamed to {name[:40]!r}"


def named_by_no_text(path: Path, rng: Generator) -> str | None:
    os.rename(path, os.fsencode(path.parent) + b"/\xff\xfe" + os.fsencode(path.suffix))
    return "renamed to bytes that are no text"


def moved_up(path: Path, rng: Generator) -> str | None:
    target = path.parent.parent / path.name
    if target.exists():
        return None
    path.rename(target)
    return "moved a folder up"


def link_to_itself(path: Path, rng: Generator) -> str | None:
    path.unlink()
    path.symlink_to(path.name)
    return "a link to itself"


def link_to_nowhere(path: Path, rng: Generator) -> str | None:
    path.unlink()
    path.symlink_to("nowhere")
    return "a link to nowhere"


def folder_loop(path: Path, rng: Generator) -> str | None:
    (path.parent / "loop").symlink_to("..")
    return "a link to the folder above beside it"


def forbidden(path: Path, rng: Generator) -> str | None:
    path.chmod(0)
    return "may not be read"


def folder_forbidden(path: Path, rng: Generator) -> str | None:
    path.parent.chmod(0)
    return "in a folder that may not be read"


def folder_instead(path: Path, rng: Generator) -> str | None:
    path.unlink()
    path.mkdir()
    return "a folder instead"


def pipe_instead(path: Path, rng: Generator) -> str | None:
    path.unlink()
    os.mkfifo(path)
    return "a pipe instead, into which nobody writes"


VALUES = (
    None,
    [],
    {},
    "",
    "x",
    "../../../x",
    "<b>x</b>",
    "\x1b[31m",
    -1,
    10**30,
    1e308,
    0.5,
    True,
    [[]],
    {"": 1},
    "٣",
    "9" * 5000,
)


def value_changed(path: Path, rng: Generator) -> str | None:
    """Put another value, or none, in place of one anywhere in a JSON file."""
    try:
        content = json.loads(path.read_text())
    except ValueError:
        return None
    if not isinstance(content, dict) or not content:
        return None
    holder, key = content, ""
    while not key or (holder[key] and isinstance(holder[key], dict | list) and rng.random() < 0.75):
        holder = holder[key] if key != "" else content
        key = list(holder if isinstance(holder, dict) else range(len(holder)))[int(rng.integers(len(holder)))]
        if key == 0:
            break
    before = holder[key]
    if rng.random() < 0.2:
        del holder[key]
        done = f"{key!r} taken away"
    else:
        holder[key] = VALUES[int(rng.integers(len(VALUES)))]
        done = f"{key!r} was {str(before)[:30]!r}, became {str(holder[key])[:30]!r}"
    path.write_text(json.dumps(content))
    return done


def tensors_changed(path: Path, rng: Generator) -> str | None:
    """Change a tensor of a safetensors file, or what the file says of itself."""
    if path.suffix != ".safetensors":
        return None
    with safe_open(path, framework="np") as file:
        described = file.metadata() or {}
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    name = sorted(tensors)[int(rng.integers(len(tensors)))]
    how = ("taken away", "renamed", "not finite", "of another shape", "of another kind", "described otherwise")[
        int(rng.integers(6))
    ]
    if how in ("taken away", "renamed"):
        tensors.update({"other": tensors.pop(name)} if how == "renamed" else dict.fromkeys([name][:0]))
        tensors.pop(name, None)
    elif how == "not finite":
        tensors[name] = np.full_like(tensors[name], np.nan if tensors[name].dtype.kind == "f" else 0)
    elif how == "of another shape":
        tensors[name] = np.ones((3, *tensors[name].shape), tensors[name].dtype)
    elif how == "of another kind":
        tensors[name] = tensors[name].astype(np.int64)
    else:
        aside = path.with_suffix(".described")
        aside.write_text(described.get("ferlab", "{}"))
        how += f": {value_changed(aside, rng)}"
        described["ferlab"] = aside.read_text()
        aside.unlink()
    save_file(tensors, path, metadata=described)
    return f"{name}: {how}"


def arrays_changed(path: Path, rng: Generator) -> str | None:
    """Change an array of an npz file: take it away, or make it of another kind, pickled objects among them."""
    if path.suffix != ".npz":
        return None
    with np.load(path) as stored:
        arrays = {name: stored[name] for name in stored.files}
    name = sorted(arrays)[int(rng.integers(len(arrays)))]
    instead = (None, np.array(3), np.array([1.5, np.nan]), np.array([Exploding()], object), np.array([["a"], ["b"]]), np.zeros(0))
    new = instead[int(rng.integers(len(instead)))]
    arrays = {key: array for key, array in {**arrays, name: new}.items() if array is not None}
    np.savez(path, **arrays)
    return f"{name} became {'nothing' if new is None else new.dtype}"


OF_CONTENT: tuple[Mutation, ...] = (
    *(truncated, emptied, bits_flipped, bytes_put_in, other_encoding, line_ends_changed, page_instead, pickle_instead),
    *(number_made_huge, number_taken_away, another_digit, path_trick),
    *(columns_swapped, line_doubled, line_dropped, lines_swapped),
)
OF_FILES: tuple[Mutation, ...] = (
    *(deleted, renamed, named_by_no_text, moved_up, link_to_itself, link_to_nowhere, folder_loop),
    *(forbidden, folder_forbidden, folder_instead, pipe_instead),
)
#: Every other time, where a file can be read before it is damaged: it is still one of its kind afterwards, and says else.
OF_VALUES: tuple[Mutation, ...] = (value_changed, tensors_changed, arrays_changed)


def mutate(path: Path, rng: Generator, mutations: tuple[Mutation, ...] = OF_CONTENT + OF_FILES) -> tuple[str, str]:
    """Damage a file by one mutation that can be done to it: its name, and what it did."""
    others = [mutations[i] for i in rng.permutation(len(mutations)).tolist()]
    for mutation in [*OF_VALUES, *others] if rng.random() < 0.5 else others:
        if done := mutation(path, rng):
            return mutation.__name__, done
    raise AssertionError("every file can be deleted")
