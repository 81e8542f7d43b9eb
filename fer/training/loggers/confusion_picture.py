"""This file draws a confusion matrix as a picture, for loggers that know no matrices."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from fer.results.metrics import Ints

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

CELL, TEXT = 64, 13  # pixels
PALE, DEEP, INK = (247, 250, 252), (23, 82, 135), (30, 30, 30)
CORNER = ("columns: predicted", "rows: target")
TURN = 0.5  # from this share on a cell is dark enough for light text


def confusion_picture(matrix: Ints, labels: Sequence[str]) -> NDArray[np.uint8]:
    """The matrix (K, K) as a picture (H, W, 3): a row a target, a column a predicted label, as dark as the share of the row."""
    font = ImageFont.load_default(TEXT)
    margin = round(max(font.getlength(text) for text in (*labels, *CORNER))) + 12
    size = CELL * len(labels)
    picture = Image.new("RGB", (margin + size, margin + size), "white")
    draw = ImageDraw.Draw(picture)
    for i, name in enumerate(labels):
        draw.text((margin - 6, margin + CELL * (i + 0.5)), name, INK, font, anchor="rm")
    picture.paste(upright(labels, margin, font), (margin, 0))
    draw.multiline_text((margin - 6, margin - 6), "\n".join(CORNER), INK, font, anchor="rd", align="right")
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    for (row, column), count in np.ndenumerate(matrix):
        paint_cell(draw, (margin + CELL * column, margin + CELL * row), int(count), float(shares[row, column]), font)
    return np.asarray(picture)


def paint_cell(draw: ImageDraw.ImageDraw, corner: tuple[int, int], count: int, share: float, font: Font) -> None:
    """Paint one cell with its count."""
    x, y = corner
    colour = tuple(round(pale + (deep - pale) * share) for pale, deep in zip(PALE, DEEP, strict=True))
    draw.rectangle((x, y, x + CELL - 2, y + CELL - 2), colour)
    draw.text((x + CELL / 2 - 1, y + CELL / 2 - 1), f"{count:,}", "white" if share > TURN else INK, font, anchor="mm")


def upright(labels: Sequence[str], height: int, font: Font) -> Image.Image:
    """The names of the columns, read from below."""
    lying = Image.new("RGB", (height, CELL * len(labels)), "white")
    draw = ImageDraw.Draw(lying)
    for i, name in enumerate(labels):
        draw.text((6, CELL * (i + 0.5)), name, INK, font, anchor="lm")
    return lying.transpose(Image.Transpose.ROTATE_90)
