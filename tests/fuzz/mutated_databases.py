"""This file damages made-up copies of every database, and judges what is read of them: correctly, refused in words, or wrong."""

import hashlib
import pickle
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import second_readers as second
from mutated_files import mutate
from numpy.random import Generator
from PIL import Image as Pillow

from fer.data.database import Database
from fer.data.databases import (
    affectnet_sample,
    ckplus_sample,
    fer2013_sample,
    rafdb_sample,
)
from fer.data.databases.affectnet import AffectNet
from fer.data.databases.ckplus import CkPlus
from fer.data.databases.expw import ExpW
from fer.data.databases.fer2013 import Fer2013
from fer.data.databases.folder import Folder
from fer.data.databases.jaffe import Jaffe
from fer.data.databases.kdef import Kdef
from fer.data.databases.rafdb import RafDb
from fer.data.databases.table import Table
from fer.errors import FerError
from fer.readable import unreadable
from fer.records import FaceRecord


@dataclass(frozen=True)
class Made:
    """A database in one of its forms: how a copy is made up, how it is opened, and how it is read a second time."""

    write: Callable[[Path], None]
    open: Callable[[Path], Database]
    again: second.Reader


def sample_of(cls: type[Database]) -> Callable[[Path], None]:
    """What writes the official form of a database, as small as it comes."""
    return partial(cls.write_sample, subjects=2)


MADE: Mapping[str, Made] = {
    "affectnet": Made(sample_of(AffectNet), partial(AffectNet, omit=[affectnet_sample.EMPTY]), second.affectnet),
    "affectnet_numbered": Made(
        partial(affectnet_sample.write_numbered, subjects=2, seed=0), AffectNet, second.affectnet_numbered
    ),
    "ckplus": Made(sample_of(CkPlus), CkPlus, second.ckplus),
    "ckplus_48": Made(partial(ckplus_sample.write_rendering, subjects=2, seed=0), CkPlus, second.ckplus_48),
    "expw": Made(sample_of(ExpW), ExpW, second.expw),
    "fer2013": Made(sample_of(Fer2013), Fer2013, second.fer2013),
    "fer2013_folders": Made(lambda root: write_fer2013_folders(root), Fer2013, second.fer2013_folders),
    "folder": Made(sample_of(Folder), Folder, second.folder),
    "jaffe": Made(sample_of(Jaffe), Jaffe, second.jaffe),
    "kdef": Made(sample_of(Kdef), Kdef, second.kdef),
    "rafdb": Made(sample_of(RafDb), RafDb, second.rafdb),
    "rafdb_folders": Made(partial(rafdb_sample.write_folders, subjects=2, seed=0), RafDb, second.rafdb_folders),
    "table": Made(sample_of(Table), Table, second.table),
}

#: What leaves less to be read, so that a face may be gone without a word.
TAKES_AWAY = ("deleted", "emptied", "truncated", "line_dropped", "link_to_itself", "folder_instead")


def write_fer2013_folders(root: Path) -> None:
    """The faces of a made-up fer2013.csv as Kaggle's folders."""
    words = {"anger": "angry", "happiness": "happy", "sadness": "sad"}
    root.mkdir()
    for i, row in enumerate(fer2013_sample.write_faces(root / "fer2013.csv", subjects=2, seed=0)):
        part = "train" if row.split == "Training" else "test"
        path = root / part / words.get(row.expression, row.expression) / f"{row.split}_{i}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Pillow.fromarray(row.image).save(path)
    (root / "fer2013.csv").unlink()


@dataclass(frozen=True)
class Read:
    """What is read of a database: each record with a digest of its pixels, or with the error that reading them gives."""

    faces: Mapping[str, tuple[FaceRecord, str]]
    refused: Mapping[str, str]
    counts: Mapping[str, int]


def read(database: Database) -> Read:
    """All that is asked of a database before and while it is prepared."""
    records = database.records()
    database.digest()
    database.checks(records)
    faces, refused = {}, {}
    for record in records:
        try:
            image = database.read(record)
            points = database.landmarks(record)
        except FerError as error:
            refused[record.id] = str(error)
        else:
            assert image.dtype == np.uint8
            assert image.size
            assert points is None or (points.shape == (68, 2) and np.isfinite(points).all())
            faces[record.id] = record, hashlib.sha256(repr(image.shape).encode() + image.tobytes()).hexdigest()
    return Read(faces, refused, database.count(records))


def write_truth(name: str, folder: Path) -> str:
    """Write a copy of a database, and what is read of it while nothing is damaged."""
    MADE[name].write(folder / "copy")
    truth, again = read(MADE[name].open(folder / "copy")), MADE[name].again(folder / "copy")
    assert not truth.refused
    assert {i: said_of(record) for i, (record, _) in truth.faces.items()} == {i: said[:5] for i, said in again.items()}
    (folder / "truth.pickle").write_bytes(pickle.dumps((truth, again)))
    return "loaded"


def said_of(record: FaceRecord) -> tuple[object, ...]:
    """What the second readers say of a face too."""
    votes = None if record.votes is None else tuple(map(int, record.votes.values()))
    return record.expression, record.subject, record.group, record.split, votes


def damage_and_read(name: str, pristine: Path, folder: Path, rng: Generator) -> str:
    """Damage a copy of a database in `folder`, read it, and judge what came of it."""
    root = folder / "copy"
    shutil.copytree(pristine / "copy", root, symlinks=True)
    path = chosen_file(root, rng)
    kind, done = mutate(path, rng)
    what = f"{path.relative_to(root)}: {done}"
    try:
        found = read(MADE[name].open(root))
    except FerError as error:
        said = str(error)
    except OSError as error:
        said = str(unreadable(error) or repr(error))  # as every command says it
    else:
        said = ""
    if said:
        require_named(said, path, root, done)
        assert re.match("[A-Z][A-Za-z]+: ", said), said
        return f"refused: {kind}: {what}: {said}"
    judge(name, found, pristine, root, path, kind, what)
    return f"{'refused' if found.refused else 'loaded'}: {kind}: {what}: {next(iter(found.refused.values()), '')}"


def chosen_file(root: Path, rng: Generator) -> Path:
    """A file of the copy: every other time one of the few that hold labels."""
    files = sorted(path for path in root.rglob("*") if path.is_file() and not path.name.startswith("."))
    texts = [path for path in files if path.suffix in (".csv", ".txt", ".lst", ".npy")]
    among = texts if texts and rng.random() < 0.5 else files
    return among[int(rng.integers(len(among)))]


def require_named(message: str, path: Path, root: Path, done: str) -> None:
    """Fail unless a message names the damaged file, or the folder that it lies in."""
    new = done.removeprefix("renamed to ").strip("'").removesuffix("'")
    named = (path.name, path.stem.removesuffix("_aligned"), str(path.parent), f"{root} ", f"{root}:", new, r"\udcff")
    assert any(name in message for name in named), f"{done}: the message names not {path.name}: {message}"
    assert "\0" not in message
    assert "\x1b" not in message


def judge(name: str, found: Read, pristine: Path, root: Path, path: Path, kind: str, what: str) -> None:
    """Fail unless all that was read is what the files say, and all else is refused or counted."""
    truth, said_before = pickle.loads((pristine / "truth.pickle").read_bytes())
    again = MADE[name].again(root)
    ids = found.faces.keys() | found.refused.keys()
    assert ids == again.keys(), f"{what}: found {sorted(ids ^ again.keys())[:4]} once"
    for id, (record, pixels) in found.faces.items():
        assert said_of(record) == again[id][:5], f"{what}: {id} is {said_of(record)}, the files say {again[id]}"
        untouched = said_before.get(id) == again[id] and (root / record.source) != path
        if untouched and name not in ("affectnet", "expw"):  # copies of a photograph may bear another name
            assert pixels == truth.faces[id][1], f"{what}: {id} has other pixels"
    for id, message in found.refused.items():
        require_named(message, path, root, f"{what}: {id}")
    held_against_published = bool(MADE[name].open(root).published)
    path.parent.chmod(0o755)
    hidden = any(file.name.startswith(".") for file in path.parent.iterdir())
    if len(ids) < len(truth.faces) and kind not in TAKES_AWAY and not hidden and not held_against_published:
        more = {key: n for key, n in found.counts.items() if n > truth.counts.get(key, 0)}
        assert more, f"{what}: {sorted(truth.faces.keys() - ids)[:3]} vanished, and nothing counts them: {found.counts}"
