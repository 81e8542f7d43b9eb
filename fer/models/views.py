"""This file defines the sets of views that a trained network can be shown of a test face, whose probabilities are averaged.

A set is a function from faces (B, C, S, S) in [0, 1], as a backbone wants them, to one such tensor a view; a new one needs
its name in VIEWS and nothing else.
"""

from collections.abc import Callable, Iterator, Mapping

import torch
from torch import Tensor

from fer.build import did_you_mean
from fer.data.batched import resampled
from fer.errors import ConfigError

Views = Callable[[Tensor], Iterator[Tensor]]

#: The side of a crop as a share of the face's: 40 of 48 pixels (Khaireddin & Chen 2021, arXiv 2105.03588).
CROP = 40 / 48


def one_look(faces: Tensor) -> Iterator[Tensor]:
    """The faces as they are."""
    yield faces


def flip(faces: Tensor) -> Iterator[Tensor]:
    """The faces, and their mirror images."""
    yield faces
    yield faces.flip(3)


def ten_crops(faces: Tensor) -> Iterator[Tensor]:
    """The centre and the four corners of the faces, enlarged to their size, each as it is and mirrored."""
    for right, down in ((0, 0), (-1, -1), (1, -1), (-1, 1), (1, 1)):
        yield from flip(cropped(faces, right, down))


def cropped(faces: Tensor, right: int, down: int) -> Tensor:
    """The part of the faces, CROP of their side, at the left (-1), in the middle (0) or at the right (1), and so from the top."""
    moved = 1 - CROP  # from the centre to the side, where the whole face goes from -1 to 1
    place = torch.tensor([[CROP, 0, right * moved], [0, CROP, down * moved]], dtype=faces.dtype, device=faces.device)
    return resampled(faces, place.expand(len(faces), 2, 3), size=faces.shape[-1])


#: The sets that can be named on a command line.
VIEWS: Mapping[str, Views] = {"flip": flip, "ten_crops": ten_crops}


def views_named(name: str) -> Views:
    """The set of views of this name; raises ConfigError where there is none."""
    if name not in VIEWS:
        hint = did_you_mean(name, VIEWS) or "."
        raise ConfigError(f"--tta: there are no views {name!r}{hint} Expected one of {', '.join(VIEWS)}.")
    return VIEWS[name]
