"""This file tests local binary patterns, Gabor magnitudes and the features of frozen networks."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from planted import Planted
from safetensors.torch import save_file
from skimage.feature import local_binary_pattern

from fer.build import build
from fer.data.cohort import Cohort
from fer.data.digest import cache_folder
from fer.data.prepare import prepare
from fer.data.preprocessing.whole_image import WholeImage
from fer.errors import ConfigError, WeightsError
from fer.labels import LabelSpace
from fer.models.classical.feature_cache import features_of
from fer.models.classical.gabor import Gabor
from fer.models.classical.lbp import Lbp
from fer.models.classical.network import Network

CNN: dict[str, Any] = {"_target_": "fer.models.cnn.CompactCnn", "stem": 2, "widths": [4, 4], "size": 24}
FROZEN: dict[str, Any] = {"_target_": "fer.models.classical.network.Network", "network": CNN, "_recursive_": False}


def faces(n: int = 4, size: int = 48, *, high: int = 256) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, high, (n, size, size), np.uint8)


def test_inside_a_face_the_codes_are_those_of_scikit_image() -> None:
    [face] = faces(1)
    expected = local_binary_pattern(face, 8, 2, "nri_uniform")
    np.testing.assert_array_equal(Lbp(radius=2).codes(face)[2:-2, 2:-2], expected[2:-2, 2:-2])


def test_a_histogram_of_patterns_counts_the_pixels_of_its_cell() -> None:
    lbp, [face] = Lbp(), faces(1)
    [histograms] = lbp.compute(face[None]).reshape(1, 6, 6, 59)
    expected = np.bincount(lbp.codes(face)[8:16, 40:48].astype(int).ravel(), minlength=59) / 64
    np.testing.assert_allclose(histograms[1, 5], expected, rtol=1e-6)
    np.testing.assert_allclose(histograms.sum(axis=-1), 1, rtol=1e-6)


def test_patterns_do_not_see_a_change_of_light_that_keeps_the_order_of_greys() -> None:
    given = faces(high=120)
    curve = np.cumsum(np.random.default_rng(1).integers(1, 3, 256)).clip(0, 255).astype(np.uint8)  # rising, and not a line
    assert len(np.unique(curve[:120])) == 120
    lbp = Lbp(points=4)  # neighbours that are pixels themselves: between pixels a curve changes what is interpolated
    np.testing.assert_array_equal(lbp.compute(curve[given]), lbp.compute(given))


def test_a_gabor_magnitude_is_that_of_opencvs_kernel() -> None:
    gabor, face = Gabor(), cv2.GaussianBlur(faces(1)[0], (0, 0), 2)
    wave, envelope = opencv_kernel(wavelength=8, angle=np.pi * 3 / 8)
    kernel = (wave - np.exp(-(np.pi**2) / 2) * envelope) / envelope.sum()
    centred = face.astype(np.float64) - face.mean()
    parts = [cv2.filter2D(centred, cv2.CV_64F, part, borderType=cv2.BORDER_CONSTANT) for part in (kernel.real, kernel.imag)]
    expected = np.hypot(*parts)[1::2, 1::2]  # every other pixel
    np.testing.assert_allclose(np.abs(gabor.responses(face)[2 * 8 + 3]), expected, atol=1e-5 * expected.max())


def opencv_kernel(*, wavelength: float, angle: float) -> tuple[NDArray[np.complex128], NDArray[np.float64]]:
    """OpenCV's even and odd kernel as one complex one, and its envelope."""
    size, deviation = (97, 97), wavelength / 2
    even, odd = (cv2.getGaborKernel(size, deviation, angle, wavelength, 1, phase, cv2.CV_64F) for phase in (0, np.pi / 2))
    return even + 1j * odd, np.hypot(even, odd)


def test_a_grating_answers_the_filter_of_its_own_wavelength_and_direction() -> None:
    x = np.arange(48)
    grating = np.tile(128 + 100 * np.sin(2 * np.pi * x / 8), (48, 1)).astype(np.uint8)
    by_filter = Gabor().compute(np.stack([grating, grating.T])).reshape(2, 5, 8, 36).sum(axis=-1)
    assert [np.unravel_index(sums.argmax(), sums.shape) for sums in by_filter] == [(2, 0), (2, 4)]


def test_gabor_magnitudes_see_neither_brightness_nor_contrast() -> None:
    given = faces(high=100)
    np.testing.assert_allclose(Gabor().compute(given * 2 + 30), Gabor().compute(given), atol=1e-5)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Lbp(points=3), "features: found points=3, radius=1, expected 4 to 16"),
        (lambda: Lbp(cell=7), "features.cell: found 7, expected .* a face of 48 pixels in whole cells"),
        (lambda: Gabor(wavelengths=[1]), r"features: found wavelengths=\[1\]"),
        (lambda: Gabor(step=3), "features.step: found 3, expected cells of 8 pixels to be whole steps"),
    ],
)
def test_settings_of_features_that_cannot_work_are_refused(make: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make()


def saved(path: Path, *, seed: int) -> str:
    """A state dict of the small network with weights of this seed."""
    save_file(dict(Network(CNN, seed=seed).untrained.state_dict()), path)
    return str(path)


def test_features_of_a_network_are_its_outputs_in_evaluation_mode(tmp_path: Path) -> None:
    import torch

    network, given = Network(CNN, weights=saved(tmp_path / "a.safetensors", seed=5)), faces(300, 24)
    with torch.no_grad():
        expected = Network(CNN, seed=5).untrained(torch.from_numpy(given).float().unsqueeze(1) / 255)
    np.testing.assert_allclose(network.compute(given), expected.numpy(), atol=1e-5)
    assert not network.backbone.training


def test_a_random_network_depends_on_its_seed_and_on_nothing_drawn_before() -> None:
    import torch

    first = Network(CNN, seed=1).compute(faces(2, 24))
    torch.rand(3)
    np.testing.assert_array_equal(Network(CNN, seed=1).compute(faces(2, 24)), first)
    assert not np.array_equal(Network(CNN, seed=2).compute(faces(2, 24)), first)


def test_features_of_a_network_are_kept_by_its_weights_not_by_where_they_lie(tmp_path: Path) -> None:
    records = Planted().records()
    prepared = prepare(Planted(), records, preprocess=WholeImage(), spec={}, size=24, channels=1)
    cohort = Cohort.join([(records, prepared)], records=records, labels=LabelSpace().restrict(records).labels)
    given = cohort.faces([record.id for record in records])
    files = [saved(tmp_path / "a.safetensors", seed=1), saved(tmp_path / "b.safetensors", seed=1)]
    first, same = (features_of(given, build(FROZEN, "features", weights=file), {**FROZEN, "file": file}) for file in files)
    assert len(list((cache_folder() / "features").iterdir())) == 1
    saved(tmp_path / "a.safetensors", seed=2)
    other = features_of(given, build(FROZEN, "features", weights=files[0]), FROZEN)
    np.testing.assert_array_equal(first, same)
    assert not np.array_equal(first, other)


def test_a_colour_network_takes_grey_faces_and_coloured_ones() -> None:
    network = Network({**CNN, "channels": 3})
    grey = faces(3, 24)
    assert (network.channels, network.size) == (3, 24)
    np.testing.assert_allclose(network.compute(np.stack([grey] * 3, axis=-1)), network.compute(grey), atol=1e-5)


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    file = saved(tmp_path / "a.safetensors", seed=0)
    with pytest.raises(WeightsError, match=r"a\.safetensors"):
        Network({"_target_": "fer.models.timm_backbone.TimmBackbone", "pretrained": False}, weights=file).compute(faces(1, 64))
