"""This file decodes one picture, whoever sent it: what is too large is refused by its header, before anything is decoded."""

import warnings
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from PIL import Image as Pillow
from PIL import UnidentifiedImageError

from fer.data.database import Image
from fer.data.image_files import BOMBS, DAMAGE, PIXELS, TOO_MANY, pixels_of

#: The longest side: beyond it OpenCV cuts nothing out (its warps count pixels in 16 bits).
SIDE = 32_766

#: Bytes of the largest file that is opened: what so many pixels take in colour without compression.
BYTES = 3 * PIXELS


@dataclass(frozen=True)
class Picture:
    """An upright picture, (H, W) or (H, W, 3) RGB uint8; `time` are the seconds in its video, None where it is an image."""

    name: str
    pixels: Image
    time: float | None = None


@dataclass(frozen=True, slots=True)
class Unread:
    """A picture that could not be read, and why."""

    name: str
    reason: str


def read_picture(path: Path) -> Picture | Unread:
    """The picture in a file."""
    try:
        if not path.is_file():
            return Unread(str(path), "is no file" if path.exists() else "is not there")
        with path.open("rb") as file:
            return decoded(str(path), file, path.stat().st_size)
    except OSError as error:
        return Unread(str(path), error.strerror or str(error))


def picture_from(name: str, content: bytes) -> Picture | Unread:
    """The picture in the bytes of a file, of which there may be one more than BYTES where there was more."""
    return decoded(name, BytesIO(content), len(content))


def decoded(name: str, file: BinaryIO, size: int) -> Picture | Unread:
    """The picture in an open file of so many bytes."""
    if not size:
        return Unread(name, "is empty")
    if size > BYTES:
        return Unread(name, f"has more than {BYTES / 1e6:,.0f} MB")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of damaged notes beside the pixels
            warnings.simplefilter("error", Pillow.DecompressionBombWarning)
            with Pillow.open(file) as image:
                reason = refusal(*image.size)
                return Unread(name, reason) if reason else Picture(name, pixels_of(image, None))
    except BOMBS:
        return Unread(name, TOO_MANY)
    except UnidentifiedImageError:
        return Unread(name, "is no image that Pillow knows")
    except DAMAGE as error:
        return Unread(name, f"is damaged: {first_line(error)}")


def refusal(width: int, height: int) -> str | None:
    """Why no faces are looked for in a picture of this size; None where they are."""
    if not (width and height):
        return "has no pixels"
    if width * height > PIXELS:
        return TOO_MANY
    return f"has a side of more than {SIDE:,} pixels" if max(width, height) > SIDE else None


def first_line(error: BaseException) -> str:
    """What an error says, and its name where it says nothing."""
    return next(iter(str(error).splitlines()), type(error).__name__)
