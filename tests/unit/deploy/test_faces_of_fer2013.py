"""This file measures what is lost between the stored crops of FER2013 and the same faces found in larger pictures.

FER_DATA is the folder of fer2013, FER_YUNET the model file of YuNet; FER_FACES how many faces of PrivateTest are pasted:
500 give an interval of about ± 4 points.
"""

import os
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray
from pasted_faces import Pasted, pasted

from fer.data.database import Image
from fer.data.databases.fer2013 import Fer2013
from fer.data.preprocessing.frame import Frame
from fer.deploy.detector import overlap
from fer.deploy.pictures import Picture
from fer.deploy.predictor import Box, Predictor, load
from fer.records import FaceRecord
from fer.results.intervals import wilson

FACES = int(os.environ.get("FER_FACES", "500"))
YUNET = os.environ.get("FER_YUNET", "")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif("FER_DATA" not in os.environ, reason="set FER_DATA to the folder of fer2013"),
]


@dataclass(frozen=True)
class Readings:
    """What is said of each face: of the stored crop, of the very square in the picture, and through detection, "" if not found.

    `elsewhere` counts faces where there is none; `framing` (N, 3) are the found squares' place and size, less and over the
    true one's, in its sides.
    """

    expected: NDArray[np.str_]
    stored: NDArray[np.str_]
    exact: NDArray[np.str_]
    through: NDArray[np.str_]
    elsewhere: int
    framing: NDArray[np.float64]

    def rights(self, said: NDArray[np.str_]) -> NDArray[np.bool_]:
        """Which of the found faces are read right."""
        right: NDArray[np.bool_] = (said == self.expected)[self.through != ""]
        return right


@pytest.mark.parametrize("detector", ["haar", "yunet"])
def test_faces_in_larger_pictures_are_read_about_as_well_as_their_stored_crops(
    detector: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if detector == "yunet" and not YUNET:
        pytest.skip("set FER_YUNET to the model file of YuNet")
    database = Fer2013(f"{os.environ['FER_DATA']}/fer2013")
    tested = [record for record in database.records() if record.split == "PrivateTest"]
    sample = [tested[int(place)] for place in np.linspace(0, len(tested) - 1, FACES)]
    predictor = load(detector=detector, detector_weights=YUNET if detector == "yunet" else None)
    readings = read(predictor, sample, [database.read(record) for record in sample])
    with capsys.disabled():
        print(f"\n{detector}: {described(readings)}")
    found, through = (readings.through != "").sum(), readings.rights(readings.through)
    scored = predictor.model.described["scores"]["private"]["accuracy"]["value"]
    assert found > 0.8 * FACES
    assert np.abs(np.median(readings.framing, axis=0)) == pytest.approx([0, 0, 1], abs=0.06)
    assert (readings.exact == readings.stored).mean() > 0.92  # that a picture is larger changes little by itself
    assert wilson(through.mean(), found)[1] > scored
    assert readings.rights(readings.stored).mean() - through.mean() < 0.05


def read(predictor: Predictor, records: list[FaceRecord], faces: list[Image]) -> Readings:
    """Read the faces in the three ways."""
    shown = list(pasted(faces, seed=0))
    model = predictor.model
    exact = [model.preprocess.cut_found(of.pixels, square(of)) for of in shown]
    assert all(cut is not None for cut in exact)
    through, framing, elsewhere = [], [], 0
    for of, (_, found) in zip(shown, predictor.stream(Picture("", of.pixels) for of in shown), strict=True):
        here = [face for face in found.faces if same_place(face.box, of)]
        elsewhere += len(found.faces) - len(here[:1])
        through.append(str(here[0].label) if here else "")
        framing += [compared(here[0].box, of)] if here else []
    expected = np.array([record.expression for record in records])
    stored, cut = said(predictor, faces), said(predictor, [cut for cut in exact if cut is not None])
    return Readings(expected, stored, cut, np.array(through), elsewhere, np.array(framing))


def said(predictor: Predictor, faces: list[Image]) -> NDArray[np.str_]:
    """What the network says of faces that are cut out already."""
    model = predictor.model
    return np.array(model.labels)[model.read(np.stack([model.prepared(face) for face in faces])).argmax(1)]


def square(of: Pasted) -> Frame:
    """Where the face is."""
    return Frame(of.x, of.y, of.side, of.side)


def centred(box: Box) -> Frame:
    """The same rectangle, by its middle."""
    return Frame(box.x + (box.width - 1) / 2, box.y + (box.height - 1) / 2, box.width, box.height)


def same_place(box: Box, of: Pasted) -> bool:
    """Whether a box is that of the face, rather than of its mouth or of something behind it."""
    return overlap(centred(box), square(of)) > 0.5 and 0.5 < box.width / of.side < 2


def compared(box: Box, of: Pasted) -> tuple[float, float, float]:
    """How far right and down a box lies, and how large it is, of the face's side."""
    found = centred(box)
    return (found.x - of.x) / of.side, (found.y - of.y) / of.side, found.width / of.side


def described(readings: Readings) -> str:
    """What was measured, in words."""
    stored, through = readings.rights(readings.stored), readings.rights(readings.through)
    low, high = wilson(through.mean(), len(through))
    right, down, size = np.median(readings.framing, axis=0)
    return (
        f"{len(readings.through):,} faces, {len(readings.through) - len(through)} not found, {readings.elsewhere} found where "
        f"there is none\n  all: stored crops {(readings.stored == readings.expected).mean():.3f}, their squares in the pictures "
        f"{(readings.exact == readings.expected).mean():.3f}\n  the {len(through)} found: stored crops {stored.mean():.3f}, "
        f"through detection {through.mean():.3f} ({low:.3f}–{high:.3f}); {(stored & ~through).sum()} lost, "
        f"{(~stored & through).sum()} gained\n  squares: {right:+.3f} right, {down:+.3f} down, {size:.3f} as large; "
        f"deviation of the size {np.log(readings.framing[:, 2]).std():.3f}"
    )
