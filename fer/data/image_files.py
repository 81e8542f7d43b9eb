"""This file finds and decodes the image files of databases that are folders of images."""

import os
import struct
import warnings
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image as Pillow
from PIL import ImageOps

from fer.data.database import Image
from fer.errors import DatabaseDamaged
from fer.readable import readable

#: What counts as an image below a database's folder; everything else there is left alone.
SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp", ".pgm", ".ppm"})

GREY_MODES = frozenset({"1", "L", "LA", "I;16", "I", "F"})

#: Pixels of the largest picture that is decoded: Pillow's own bound, above which it warns of decompression bombs.
PIXELS = Pillow.MAX_IMAGE_PIXELS or 89_478_485

#: What Pillow raises on damaged files: its readers take lengths and offsets from them, and compute with them.
DAMAGE = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    OverflowError,
    MemoryError,
    TypeError,
    LookupError,
    struct.error,
    zlib.error,
)

TOO_MANY = f"has more than {PIXELS / 1e6:.0f} million pixels by its header"

#: What Pillow says of a picture of too many pixels, before it decodes any.
BOMBS = (Pillow.DecompressionBombWarning, Pillow.DecompressionBombError)


def files_below(folder: Path) -> Iterator[Path]:
    """Every file at any depth below `folder`, in the same order on every machine; hidden ones, as a Mac adds them, are none.

    Links are followed; a folder that is reached twice is entered once.
    """
    entered: set[str] = set()
    for here, folders, names in os.walk(folder, followlinks=True, onerror=refuse):
        real = os.path.realpath(here)
        folders[:] = sorted(name for name in folders if not hidden(name)) if real not in entered else []
        if real not in entered:
            yield from (Path(here, name) for name in sorted(names) if not hidden(name))
        entered.add(real)


def images_below(folder: Path) -> Iterator[Path]:
    """Every image file at any depth below `folder`, sorted."""
    yield from sorted(path for path in files_below(folder) if is_image(path))


def is_image(path: Path) -> bool:
    """Whether a file is an image by its name; raises DatabaseDamaged for a link to an image that is gone, and for a pipe."""
    if path.suffix.lower() not in SUFFIXES:
        return False
    with readable(path):
        if not path.is_file():
            found = "no file" if path.exists() else "a link that leads nowhere"
            raise DatabaseDamaged(f"{path}: found {found}, expected an image. Bring back what belongs there, or remove it.")
    return True


def hidden(name: str) -> bool:
    """Whether a file or folder is none of the database's, such as .DS_Store or what a Mac packs into archives."""
    return name.startswith((".", "__MACOSX"))


def refuse(error: OSError) -> None:
    """Raise DatabaseDamaged for a folder that cannot be read, whose files would be missing silently otherwise."""
    if not isinstance(error, FileNotFoundError):
        raise DatabaseDamaged(f"{error.filename}: the folder cannot be read ({error.strerror}).") from None


def read_grey(path: Path) -> Image:
    """The image as grey, (H, W) uint8; colours and palettes become ITU-R 601 luma."""
    return decoded(path, "L")


def read_colour(path: Path) -> Image:
    """The image as it was stored: (H, W) uint8 where it is grey, (H, W, 3) RGB uint8 where it has colours or a palette."""
    return decoded(path, None)


def decoded(path: Path, mode: str | None) -> Image:
    """The pixels of a file in a Pillow mode; raises DatabaseDamaged where they cannot be read, or are too many by the header."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of damaged notes beside the pixels
            warnings.simplefilter("error", Pillow.DecompressionBombWarning)
            with Pillow.open(path) as image:
                return pixels_of(image, mode)
    except BOMBS:
        raise DatabaseDamaged(f"{path}: {TOO_MANY}. Take it away, or put a smaller one in its place.") from None
    except DAMAGE as error:
        raise DatabaseDamaged(f"{path}: found no readable image ({error}). Unpack or download it again.") from None


def pixels_of(image: Pillow.Image, mode: str | None) -> Image:
    """The pixels in a Pillow mode, upright as the camera was held; without a mode as grey or RGB, as they were stored."""
    upright = ImageOps.exif_transpose(image)
    if upright.mode.startswith("I;16") or upright.mode == "I":
        return np.asarray(np.asarray(upright, np.int64) >> 8, np.uint8)
    return np.asarray(upright.convert(mode or ("L" if upright.mode in GREY_MODES else "RGB")), np.uint8)
