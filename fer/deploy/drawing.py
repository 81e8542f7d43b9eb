"""This file draws copies of pictures with what was found in them."""

from collections import Counter
from pathlib import Path

from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from fer.deploy.pictures import Picture
from fer.deploy.predictor import Face, Prediction
from fer.files import replacing

COLOUR, INK = (255, 196, 0), (0, 0, 0)
QUALITY = 90  # of the JPEG files: a copy to look at
LETTERS = 0.025  # their height, of the picture's shorter side, from 11 pixels


class Drawing:
    """A folder of copies, NAME.faces.jpg each; pictures of one name are numbered, frames of videos bear their time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.names: Counter[str] = Counter()

    def draw(self, picture: Picture, prediction: Prediction) -> Path:
        """Write the copy of a picture; gives its path, and raises OutputError where it cannot be written."""
        path = self.folder / self.file_name(picture)
        with replacing(path) as beside:
            annotated(picture, prediction).save(beside, "JPEG", quality=QUALITY)
        return path

    def file_name(self, picture: Picture) -> str:
        """A name that no other copy has."""
        name = Path(picture.name).name + ("" if picture.time is None else f"-{picture.time:09.3f}")
        self.names[name] += 1
        times = self.names[name]
        return f"{name}.faces.jpg" if times == 1 else f"{name}-{times}.faces.jpg"


def annotated(picture: Picture, prediction: Prediction) -> Pillow.Image:
    """The picture in colour with a box and a line of words for every face."""
    image = Pillow.fromarray(picture.pixels).convert("RGB")
    brush = ImageDraw.Draw(image)
    height = max(11, round(LETTERS * min(image.size)))
    for face in prediction.faces:
        draw_face(brush, face, ImageFont.load_default(height), width=max(1, height // 6))
    return image


def draw_face(brush: ImageDraw.ImageDraw, face: Face, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, *, width: int) -> None:
    """Draw the box of a face, and the words above it, or below where there is no room."""
    box = face.box
    words = f"{face.label or 'unsure'} {face.probabilities.max():.2f}"
    brush.rectangle((box.x, box.y, box.x + box.width, box.y + box.height), outline=COLOUR, width=width)
    _, _, across, down = brush.textbbox((0, 0), words, font=font)
    top = box.y - down - 2 * width
    place = (max(0, box.x), top if top >= 0 else box.y + box.height)
    brush.rectangle((*place, place[0] + across + 2 * width, place[1] + down + 2 * width), fill=COLOUR)
    brush.text((place[0] + width, place[1] + width), words, fill=INK, font=font)
