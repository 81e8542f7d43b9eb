"""This file reads every database a second time, as simply as can be, to hold what the first reading says against.

Each reader takes a folder that was read without an error, and gives what is said of each face by its id: expression, subject,
group, split, and whatever else decides its pixels. None of it comes from fer/data/databases.
"""

import csv
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

Said = dict[str, tuple[object, ...]]
Reader = Callable[[Path], Said]

SEVEN = ["anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral"]
CODES = {
    "AN": "anger",
    "DI": "disgust",
    "FE": "fear",
    "AF": "fear",
    "HA": "happiness",
    "NE": "neutral",
    "SA": "sadness",
    "SU": "surprise",
}
IMAGES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp", ".pgm", ".ppm")


def images(folder: Path) -> Iterator[Path]:
    """The images at any depth, but for hidden ones; what is reached in two ways once."""
    entered = set()
    for here, folders, names in os.walk(folder, followlinks=True):
        real = os.path.realpath(here)
        if real in entered:
            folders.clear()
            continue
        entered.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__MACOSX")))
        yield from (Path(here, name) for name in names if name[0] != "." and name.lower().endswith(IMAGES))


def fer2013(root: Path) -> Said:
    faces = (root / "fer2013.csv").read_bytes().removeprefix(b"\xef\xbb\xbf").split(b"\n")
    header = [cell.strip().lower() for cell in faces[0].decode().split(",")]
    said: Said = {}
    beside = root / "fer2013new.csv"
    votes = list(csv.reader(beside.open(encoding="utf-8-sig", newline="")))[1:] if beside.is_file() else None
    for i, line in enumerate(line for line in faces[1:] if line):
        cells = dict(zip(header, line.decode("latin-1").replace('"', "").strip().split(","), strict=True))
        pixels = tuple(cells["pixels"].split())
        label, split = SEVEN[int(cells["emotion"])], cells["usage"].strip()
        assert votes is None or votes[i][0] == split
        counted = votes and tuple(map(int, votes[i][2:]))
        said[f"fer2013/{i:05d}"] = (label, None, None, split, counted, hash(pixels))
    return said


def fer2013_folders(root: Path) -> Said:
    words = {"angry": "anger", "happy": "happiness", "sad": "sadness"}
    found = [path for part in ("train", "test") for path in images(root / part)]
    return {
        f"fer2013/{path.relative_to(root).with_suffix('').as_posix()}": (
            *(words.get(path.parent.name, path.parent.name), None, None, path.name.partition("_")[0], None),
        )
        for path in found
    }


def ckplus(root: Path) -> Said:
    labels = ["neutral", "anger", "contempt", "disgust", "fear", "happiness", "sadness", "surprise"]
    frames: dict[str, set[str]] = {}
    for path in images(root):
        if match := re.fullmatch(r"(S\d+_\d+)_\d+", path.stem):
            frames.setdefault(match[1], set()).add(path.stem)
    said: Said = {}
    for path in filter(Path.is_file, root.rglob("*_emotion.txt")):
        sequence = "_".join(path.name.split("_")[:2])
        for frame in sorted(frames[sequence])[-3:]:
            said[f"ckplus/{frame}"] = (labels[int(float(path.read_text()))], sequence[:4], sequence, None, None)
    return said


def ckplus_48(root: Path) -> Said:
    def says(path: Path) -> tuple[object, ...]:
        label = path.parent.name.lower()
        return ("happiness" if label == "happy" else label, path.stem[:4], path.stem[:8], None, None)

    return {f"ckplus/{path.stem}": says(path) for path in images(root) if re.fullmatch(r"S\d+_\d+_\d+", path.stem)}


def jaffe(root: Path) -> Said:
    said: Said = {}
    for path in images(root):
        if match := re.fullmatch(r"(\w\w)\.(\w\w)(\d)\.(\d+)", path.stem):
            said[f"jaffe/{path.stem}"] = (CODES[match[2]], match[1], None, None, None)
    return said


def kdef(root: Path) -> Said:
    said: Said = {}
    for path in images(root):
        if match := re.fullmatch(r"[AB]([FM]\d\d)([A-Z][A-Z])S", path.stem.upper()):
            said[f"kdef/{path.stem.upper()}"] = (CODES[match[2]], match[1], None, None, None)
    return said


def rafdb(root: Path) -> Said:
    labels = ["surprise", "fear", "disgust", "happiness", "sadness", "anger", "neutral"]
    said: Said = {}
    for line in (root / "basic/EmoLabel/list_patition_label.txt").read_text(encoding="utf-8-sig", errors="replace").splitlines():
        if line.strip():
            name, label = line.split()
            stem = name.rpartition(".")[0] or name
            said[f"rafdb/{stem}"] = (labels[int(label) - 1], None, None, stem.partition("_")[0], None)
    return said


def rafdb_folders(root: Path) -> Said:
    labels = ["surprise", "fear", "disgust", "happiness", "sadness", "anger", "neutral"]
    said: Said = {}
    for path in images(root / "DATASET"):
        split = path.parent.parent.name
        said[f"rafdb/{path.stem.removesuffix('_aligned')}"] = (labels[int(path.parent.name) - 1], None, None, split, None)
    return said


def expw(root: Path) -> Said:
    said: Said = {}
    for line in (root / "data/label/label.lst").read_text(encoding="utf-8-sig").split("\n"):
        if line.strip():
            name, face, *box, _, label = line.split()
            group = name
            said[f"expw/{os.path.splitext(name)[0]}/{face}"] = (SEVEN[int(label)], None, group, None, None, *map(int, box))
    return said


AFFECTNET = ["neutral", "happiness", "sadness", "surprise", "fear", "disgust", "anger", "contempt"]
EMPTY = "103/29a31ebf1567693f4644c8ba3476ca9a72ee07fe67a5860d98707a0a.jpg"


def affectnet(root: Path) -> Said:
    said: Said = {}
    (first,) = root.rglob("training.csv")
    for path, split in ((first, "train"), (first.with_name("validation.csv"), "validation")):
        for line in path.read_bytes().decode("utf-8-sig", errors="replace").split("\n") if path.is_file() else ():
            cells = line.split(",")
            if len(cells) == 9 and cells[6].strip().isdigit() and int(cells[6]) < 8 and cells[0].strip() != EMPTY:
                box = tuple(map(int, cells[1:5])) if all(cell.strip() not in ("", "NULL") for cell in cells[1:5]) else None
                said[f"affectnet/{os.path.splitext(cells[0].strip())[0]}"] = (
                    AFFECTNET[int(cells[6])],
                    None,
                    None,
                    split,
                    None,
                    box,
                )
    return said


def affectnet_numbered(root: Path) -> Said:
    said: Said = {}
    for part, split in (("train_set", "train"), ("val_set", "validation")):
        for path in images(root / part / "images"):
            label = float(np.load(root / part / "annotations" / f"{path.stem}_exp.npy").item())
            if label < 8:
                said[f"affectnet/{part}/{path.stem}"] = (AFFECTNET[int(label)], None, None, split, None)
                assert label == int(label)
    return said


def table(root: Path) -> Said:
    said: Said = {}
    with (root / "faces.csv").open(encoding="utf-8-sig", newline="") as file:
        first = file.readline()
        file.seek(0)
        for row in csv.DictReader(file, delimiter=max(",;\t", key=first.count)):
            cells = {str(key).strip(): (value or "").strip() for key, value in row.items()}
            if any(cells.values()):
                source = Path(os.path.relpath(os.path.abspath(root / cells["path"].replace("\\", "/")), os.path.abspath(root)))
                optional = (cells.get(name) or None for name in ("subject", "group", "split"))
                said[f"table/{source.with_suffix('')}"] = (cells["expression"].casefold(), *optional, None)
    return said


def folder(root: Path) -> Said:
    said: Said = {}
    for path in images(root):
        split, expression = path.relative_to(root).parts[:2]
        said[f"folder/{path.relative_to(root).with_suffix('').as_posix()}"] = (expression, None, None, split, None)
    return said
