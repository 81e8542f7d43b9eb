"""This file takes the picture out of a request: never more bytes than allowed, and nothing that is no picture by its content."""

import asyncio
import warnings
from io import BytesIO

from PIL import Image as Pillow
from PIL import UnidentifiedImageError
from starlette.requests import ClientDisconnect, Request

from fer.data.image_files import DAMAGE
from fer.deploy.pictures import first_line
from fer.serve.limits import Limits, Refused

#: Digits of a length that are read; Python refuses to turn thousands of them into a number, and so many are too many.
DIGITS = 20

#: What is decoded, whatever the request calls it: what browsers and cameras send.
FORMATS = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}


def announced(request: Request, limits: Limits) -> int:
    """The bytes that a request says it has, or the most that it may have; Refused where it says more."""
    said = request.headers.get("content-length", "")
    size = int(said[:DIGITS]) if said.isdecimal() else limits.bytes
    if size > limits.bytes:
        raise too_large(limits)
    return size


async def content(request: Request, limits: Limits) -> bytes:
    """The bytes of a request; Refused as soon as there are too many, or where they take too long."""
    body = bytearray()
    try:
        async with asyncio.timeout(limits.sending):
            async for part in request.stream():
                body += part
                if len(body) > limits.bytes:
                    raise too_large(limits)
    except TimeoutError:
        raise Refused(408, f"found no end of the picture after {limits.sending:g} seconds") from None
    except ClientDisconnect:
        raise Refused(400, "found no end of the picture: whoever sent it is gone") from None
    return bytes(body)


def require_picture(body: bytes, limits: Limits) -> None:
    """Raise Refused where the bytes begin no picture, or one that is too large by its header; nothing is decoded."""
    if not body:
        raise Refused(400, f"found an empty request, expected a picture: {', '.join(FORMATS)}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of damaged notes beside the pixels, and of sizes that are refused below
            with Pillow.open(BytesIO(body), formats=list(FORMATS)) as image:
                width, height = image.size
    except UnidentifiedImageError:
        raise Refused(415, f"found no picture by its content, expected {', '.join(FORMATS)}") from None
    except Pillow.DecompressionBombError:
        raise too_many_pixels(limits) from None
    except DAMAGE as error:
        raise Refused(422, f"found a damaged picture: {first_line(error)}") from None
    if width * height > limits.pixels:
        raise too_many_pixels(limits)


def too_large(limits: Limits) -> Refused:
    """What is said of too many bytes."""
    return Refused(413, f"found a picture of more than {limits.bytes / 2**20:g} MiB")


def too_many_pixels(limits: Limits) -> Refused:
    """What is said of too many pixels."""
    return Refused(413, f"found a picture of more than {limits.pixels / 1e6:g} million pixels")
