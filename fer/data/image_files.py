"""This file finds and decodes the image files of databases that are folders of images."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image as Pillow
from PIL import ImageOps, UnidentifiedImageError

from fer.data.database import Image
from fer.errors import DatabaseDamaged

#: What counts as an image below a database's folder; everything else there is left alone.
SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp", ".pgm", ".ppm"})

GREY_MODES = frozenset({"1", "L", "LA", "I;16", "I", "F"})


def images_below(folder: Path) -> Iterator[Path]:
    """Every image file at any depth below `folder`, sorted; hidden files, as archives from a Mac bring them, are none."""
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith((".", "__MACOSX")) for part in path.relative_to(folder).parts)
        if path.suffix.lower() in SUFFIXES and not hidden and path.is_file():
            yield path


def read_grey(path: Path) -> Image:
    """The image as grey, (H, W) uint8; colours and palettes become ITU-R 601 luma."""
    return decoded(path, "L")


def read_colour(path: Path) -> Image:
    """The image as it was stored: (H, W) uint8 where it is grey, (H, W, 3) RGB uint8 where it has colours or a palette."""
    return decoded(path, None)


def decoded(path: Path, mode: str | None) -> Image:
    """The pixels in a Pillow mode, upright as the camera was held; raises DatabaseDamaged where they cannot be read."""
    try:
        with Pillow.open(path) as image:
            if image.mode.startswith("I;16") or image.mode == "I":
                return np.asarray(np.asarray(image, np.int64) >> 8, np.uint8)
            upright = ImageOps.exif_transpose(image)
            return np.asarray(upright.convert(mode or ("L" if image.mode in GREY_MODES else "RGB")), np.uint8)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise DatabaseDamaged(f"{path}: found no readable image ({error}). Unpack or download it again.") from None
