"""This file writes a made-up JAFFE of drawn faces, for tests."""

from collections.abc import Sequence
from functools import cache
from itertools import product
from pathlib import Path
from string import ascii_uppercase

from PIL import Image as Pillow

from fer.data.database import Image
from fer.data.databases.jaffe_names import EXPRESSION_OF
from fer.data.databases.sample_faces import SampleFace, photograph, sample_faces, save

CODES = {expression: code for code, expression in EXPRESSION_OF.items()}
WOMEN = ("KA", "KL", "KM", "KR", "MK", "NA", "NM", "TM", "UY", "YM")
TAKES = 4  # at most; two at least
SIZE, FACE, LEFT, TOP = 256, 128, 64, 72  # of a sample photograph, and where its face is
EVERY = 9  # image is a palette or RGB one, as in the published files


def write_sample(root: Path, *, subjects: int, seed: int) -> None:
    """Write jaffe/ with its README, its images and what lies about in copies that went through many hands."""
    folder = root / "jaffe"
    folder.mkdir(parents=True, exist_ok=True)
    for serial, face in enumerate(drawn(subjects, seed), start=1):
        code = CODES[face.expression]
        picture = photograph([(face.image, LEFT, TOP)], height=SIZE, width=SIZE)
        save_tiff(picture, folder / f"{name_of(face.subject)}.{code}{face.take + 1}.{serial}.tiff", serial)
    (folder / "README").write_text("A made-up copy: these faces are drawn.\n")
    (root / "jaffe_ratings.csv").write_text("image,HAP,SAD,SUR,ANG,DIS,FEA\n")
    for stray in (folder / ".DS_Store", root / "__MACOSX" / "jaffe" / "._KA.AN1.1.tiff"):
        stray.parent.mkdir(exist_ok=True, parents=True)
        stray.touch()
    save(photograph([], height=SIZE, width=SIZE), root / "contact sheet.png")


@cache
def drawn(subjects: int, seed: int) -> Sequence[SampleFace]:
    """Two to four takes of each expression of each subject, as in the published files."""
    faces = sample_faces(tuple(CODES), subjects=subjects, takes=TAKES, size=FACE, seed=seed)
    return [face for face in faces if face.take < 2 + (face.subject + len(face.expression)) % (TAKES - 1)]


def name_of(subject: int) -> str:
    """Two letters for a subject: the ten women's, then others."""
    others = (a + b for a, b in product(ascii_uppercase, repeat=2) if a + b not in WOMEN)
    return [*WOMEN, *others][subject]


def save_tiff(picture: Image, path: Path, serial: int) -> None:
    """Write a grey TIFF, and now and then the same picture through a palette or in RGB."""
    if serial % EVERY == 0:
        reversed_palette = Pillow.fromarray(255 - picture).convert("P")
        reversed_palette.putpalette([255 - i for i in range(256) for _ in "RGB"])
        reversed_palette.save(path)
    elif serial % EVERY == 1:
        Pillow.fromarray(picture).convert("RGB").save(path)
    else:
        save(picture, path)
