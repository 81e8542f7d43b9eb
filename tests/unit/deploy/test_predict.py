"""This file tests that a network is used as it was trained, from wherever it lies, and picture after picture."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow
from portrait import PUPILS, pasted, portrait

import fer
from fer.data.databases.fer2013 import Fer2013
from fer.data.preprocessing.face_crop import FaceCrop
from fer.data.preprocessing.frame import Frame
from fer.data.preprocessing.lopes import Lopes
from fer.data.preprocessing.whole_image import WholeImage
from fer.deploy.detector import Detector, Found
from fer.deploy.export import described
from fer.deploy.formats.onnx import Onnx
from fer.deploy.formats.torchscript import TorchScript
from fer.deploy.model import Model, model, open_model
from fer.deploy.pictures import Picture, Unread
from fer.deploy.predictor import Predictor
from fer.deploy.reader import ExpressionReader
from fer.errors import ConfigError, RunError, WeightsError
from fer.results.predictions import read_predictions
from fer.results.stored_run import read_run

FOLD = "00-seed1"

#: What `fer predict` does where torch cannot be imported.
WITHOUT_TORCH = """
import sys
sys.modules["torch"] = sys.modules["lightning"] = None
from fer.cli.main import main
sys.exit(main(["predict", *sys.argv[1:]]))
"""


@pytest.fixture(scope="module")
def onnx(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The network of the fold as `fer export` writes it."""
    return written(Onnx(), run, tmp_path_factory.mktemp("exported") / "network.onnx")


@pytest.fixture(scope="module")
def torchscript(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same as TorchScript."""
    return written(TorchScript(), run, tmp_path_factory.mktemp("exported") / "network.ts")


def written(form: Onnx | TorchScript, run: Path, path: Path, **changed: object) -> Path:
    """Write a network with its description, of which this is changed."""
    reader = ExpressionReader.of(run / "folds" / FOLD / "model.safetensors").to("cpu")
    faces = np.zeros((2, reader.spec.size, reader.spec.size), np.uint8)
    form.write(reader, faces, path, {**described(read_run(run), FOLD, reader.spec), **changed})
    return path


class Everywhere(Detector):
    """Finds a face in each corner of a picture, so that a test knows where."""

    def find(self, image: np.ndarray) -> tuple[Found, ...]:
        half = len(image) // 2
        return tuple(Found(Frame(x - 0.5, half / 2 - 0.5, half, half), 0.5) for x in (half / 2, 3 * half / 2))


def brightness(preprocess: FaceCrop | Lopes | WholeImage, *, cropped: bool = True, colour: bool = False) -> Model:
    """A network of two labels that is as sure of `bright` as the face is bright."""

    def read(faces: np.ndarray) -> np.ndarray:
        light = faces.reshape(len(faces), -1).mean(1, dtype=np.float64) / 255
        return np.stack([1 - light, light], 1).astype(np.float32)

    return Model(
        "brightness",
        ("dark", "bright"),
        16,
        colour,
        cropped,
        preprocess,
        {},
        read,
    )


def halves() -> np.ndarray:
    """A picture whose left half is dark and whose right half is bright."""
    image = np.full((40, 40, 3), 30, np.uint8)
    image[:, 20:] = 220
    return image


def test_what_was_tested_is_predicted_as_the_run_has_stored_it_wherever_the_network_lies(
    run: Path, onnx: Path, torchscript: Path
) -> None:
    stored = read_predictions(run / "folds" / FOLD / "predictions.csv")
    stored = stored.select(stored.test_set == "private")
    database = Fer2013(root=read_run(run).provenance["roots"]["fer2013"])
    images = {record.id: database.read(record) for record in database.records()}
    for place, fold in ((run, FOLD), (run / "folds" / FOLD, None), (onnx, None), (torchscript, None)):
        said = fer.load(place, fold=fold, cropped=True).predict([images[name] for name in stored.id.tolist()])
        probabilities = np.stack([one.faces[0].probabilities for one in said])
        np.testing.assert_allclose(probabilities, stored.probabilities, atol=1e-5)
        assert [one.faces[0].label for one in said] == [stored.labels[best] for best in stored.predicted]


def test_onnx_is_used_without_torch(onnx: Path, run: Path, tmp_path: Path) -> None:
    Pillow.fromarray(portrait()).save(tmp_path / "a.png")
    arguments = ["--model", str(onnx), str(tmp_path / "a.png"), "--csv", "--draw", str(tmp_path / "drawn")]
    done = subprocess.run([sys.executable, "-c", WITHOUT_TORCH, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (face,) = fer.load(run, fold=FOLD).predict(tmp_path / "a.png")[0].faces
    cells = dict(zip(*(line.split(",") for line in done.stdout.splitlines()), strict=True))
    assert float(cells["happiness"]) == pytest.approx(face.probabilities[fer.load(onnx).labels.index("happiness")], abs=2e-5)
    assert float(cells["x"]) == face.box.x
    assert (tmp_path / "drawn" / "a.png.faces.jpg").is_file()


def test_a_run_of_several_networks_asks_which(run: Path, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no fold is named, expected one of those"):
        open_model(run)
    with pytest.raises(RunError, match="no run folder"):
        open_model(tmp_path)


def test_a_file_that_is_no_export_of_ours_is_refused(tmp_path: Path) -> None:
    for name, message in (("a.ts", "no TorchScript file"), ("a.onnx", "no ONNX file")):
        (tmp_path / name).write_bytes(b"nothing")
        with pytest.raises(WeightsError, match=message):
            open_model(tmp_path / name)


def test_a_description_can_name_a_preprocessing_and_nothing_else() -> None:
    said = {"labels": ["a", "b"], "size": 16, "channels": 1}
    with pytest.raises(WeightsError, match="how faces are cut out"):
        model("m", said, lambda faces: faces, Path("m.onnx"))
    with pytest.raises(ConfigError, match="not allowed"):
        model("m", {**said, "preprocess": {"_target_": "torch.optim.SGD"}}, lambda faces: faces, Path("m.onnx"))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"size": 10**30}, "wants faces of 1000000000000000000000000000000 pixels, expected 1 to 1024"),
        ({"size": -1}, "wants faces of -1 pixels"),
        ({"channels": 3, "colour": True}, "does not read faces of the size and colour that it names"),
        ({"labels": ["a", "b"]}, r"answers for \(7,\) labels, and names 2"),
    ],
)
@pytest.mark.parametrize("form", [Onnx, TorchScript])
def test_an_export_that_describes_itself_wrongly_is_refused(
    run: Path, tmp_path: Path, form: type[Onnx | TorchScript], changed: Mapping[str, object], message: str
) -> None:
    path = written(form(), run, tmp_path / f"network{form.suffix}", **changed)
    with pytest.raises(WeightsError, match=message):
        open_model(path)


@pytest.mark.parametrize("answer", [np.nan, np.inf, 0.7])
def test_answers_that_are_no_probabilities_are_refused(answer: float) -> None:
    said = {
        "labels": ["a", "b"],
        "size": 16,
        "channels": 1,
        "preprocess": {"_target_": "fer.data.preprocessing.face_crop.FaceCrop"},
    }
    damaged = model("m", said, lambda faces: np.full((len(faces), 2), answer, np.float32), Path("m.onnx"))
    with pytest.raises(WeightsError, match=r"m\.onnx is damaged: what it answers are no probabilities"):
        damaged.read(np.zeros((1, 16, 16), np.uint8))


def test_every_face_is_cut_out_of_its_place() -> None:
    (said,) = Predictor(brightness(FaceCrop()), Everywhere()).predict([halves()])
    assert [face.label for face in said.faces] == ["dark", "bright"]
    assert [face.box.x for face in said.faces] == [0, 20]
    assert {(face.box.y, face.box.width, face.box.height, face.detection) for face in said.faces} == {(0, 20, 20, 0.5)}


def test_a_margin_of_the_training_is_a_margin_here() -> None:
    (said,) = Predictor(brightness(FaceCrop(margin=0.5)), Everywhere()).predict([halves()])
    assert said.faces[0].probabilities[1] == pytest.approx((30 * 0.75 + 220 * 0.25) / 255, abs=0.02)


def test_the_main_face_is_cut_as_preprocessing_cuts_it_out_of_the_picture() -> None:
    for preprocess in (FaceCrop(margin=0.2), Lopes(), Lopes(rotate=False)):
        found = fer.load().detector.find(portrait())
        cuts = [preprocess.cut_found(portrait(), face.square, eyes=face.eyes) for face in found]
        alone = preprocess.cut_face(portrait())
        assert any(cut is not None and np.array_equal(cut, alone) for cut in cuts)


def test_known_eyes_level_a_face_that_preprocessing_levels() -> None:
    from fer.data.preprocessing.eye_finder import Eyes

    square = Frame(226, 114, 100, 100)
    cut = Lopes(intensity=False).cut_found(portrait(), square, eyes=Eyes(*PUPILS))
    assert cut is not None
    assert cut.shape[:2] == (round(4.5 * 44.05 / 2), round(2.4 * 44.05 / 2))


def test_a_face_whose_eyes_are_not_found_is_counted_and_not_read() -> None:
    (said,) = Predictor(brightness(Lopes()), Everywhere()).predict([halves()])
    assert (said.faces, said.uncut) == ((), 2)


def test_a_network_of_whole_pictures_is_shown_whole_pictures() -> None:
    (said,) = Predictor(brightness(WholeImage(), cropped=False), Everywhere()).predict([halves()])
    (face,) = said.faces
    assert (face.box.width, face.detection) == (40, None)
    assert face.probabilities[1] == pytest.approx(125 / 255, abs=0.01)
    (said,) = Predictor(brightness(WholeImage(), cropped=True), Everywhere()).predict([halves()])
    assert len(said.faces) == 2


def test_a_network_that_has_seen_grey_is_shown_grey() -> None:
    image = np.zeros((40, 40, 3), np.uint8)
    image[..., 1] = 255
    for colour, light in ((False, 150), (True, 85)):
        (said,) = Predictor(brightness(FaceCrop(), colour=colour), Everywhere()).predict([image])
        assert said.faces[0].probabilities[1] == pytest.approx(light / 255, abs=0.01)


def test_less_than_what_was_asked_for_gives_no_label() -> None:
    (said,) = Predictor(brightness(FaceCrop()), Everywhere(), sure=0.87).predict([halves()])
    assert [face.label for face in said.faces] == ["dark", None]


def test_pictures_keep_their_order_and_few_wait_at_a_time() -> None:
    asked = 0

    def many() -> Iterator[Picture | Unread]:
        nonlocal asked
        for i in range(1000):
            asked += 1
            yield Unread(str(i), "is empty") if i % 7 == 0 else Picture(str(i), halves())

    for i, (picture, said) in enumerate(Predictor(brightness(FaceCrop()), Everywhere()).stream(many())):
        assert (picture.name, said.name, said.error is None) == (str(i), str(i), i % 7 != 0)
        assert asked - i <= 40  # 64 faces, two to a picture


def test_large_pictures_do_not_wait_for_others() -> None:
    asked = 0

    def few() -> Iterator[Picture]:
        nonlocal asked
        for i in range(3):
            asked += 1
            yield Picture(str(i), np.zeros((4096, 4096), np.uint8))

    for i, _ in enumerate(Predictor(brightness(FaceCrop()), Everywhere()).stream(few())):
        assert asked == i + 1


def test_what_is_no_image_is_refused() -> None:
    for image in (np.zeros((4, 4)), np.zeros((4, 4, 4), np.uint8), np.zeros((0, 4), np.uint8), np.zeros((1, 40_000), np.uint8)):
        with pytest.raises(ConfigError, match="image 1"):
            Predictor(brightness(FaceCrop()), Everywhere()).predict([halves(), image])


def test_files_and_arrays_are_read_alike(tmp_path: Path) -> None:
    image, _ = pasted(300, left=200, top=100)
    Pillow.fromarray(image).save(tmp_path / "a.png")
    predictor = fer.load()
    from_array, from_file = predictor.predict([image, tmp_path / "a.png"])
    (one,), (other,) = from_array.faces, from_file.faces
    assert one.box == other.box
    np.testing.assert_array_equal(one.probabilities, other.probabilities)
    assert from_file.name == str(tmp_path / "a.png")


def test_importing_the_package_loads_nothing() -> None:
    program = "import sys, fer; print(any(name in sys.modules for name in ('torch', 'cv2', 'numpy')))"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True).stdout.strip() == "False"
