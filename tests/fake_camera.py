"""This file is a camera for Chromium: a film of a real face that moves, tilts and grows before a moving background."""

import math
from pathlib import Path

import cv2
import numpy as np
from portrait import portrait

from fer.data.database import Image

WIDTH, HEIGHT, RATE = 640, 480, 30


def arguments(film: Path) -> list[str]:
    """What Chromium takes to show the film instead of a camera, without asking."""
    return [
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={film}",
    ]


def write_film(path: Path, *, seconds: float = 2.0) -> Path:
    """Write the film, which begins again where it ends, as YUV4MPEG2."""
    frames = round(seconds * RATE)
    with path.open("wb") as file:
        file.write(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F{RATE}:1 Ip A1:1 C420jpeg\n".encode())
        for number in range(frames):
            yuv = cv2.cvtColor(frame(number / frames), cv2.COLOR_RGB2YUV_I420)
            file.write(b"FRAME\n" + yuv.tobytes())
    return path


def frame(share: float) -> Image:
    """The picture (480, 640, 3) after this share of the film."""
    angle = 2 * math.pi * share
    turn = cv2.getRotationMatrix2D((225.0, 115.0), 9 * math.sin(angle), 1.2 + 0.25 * math.cos(angle))
    turn[:, 2] += np.array([320.0, 200.0]) + 40 * np.array([math.cos(angle), math.sin(angle)]) - (225.0, 115.0)
    down, across = np.mgrid[:HEIGHT, :WIDTH]
    stripes = 90 + 40 * np.sin(across / 40 + angle) * np.cos(down / 50 - angle)
    behind = np.repeat(stripes[:, :, None], 3, axis=2).astype(np.uint8)
    cv2.warpAffine(portrait(), turn, (WIDTH, HEIGHT), dst=behind, borderMode=cv2.BORDER_TRANSPARENT)
    return behind
