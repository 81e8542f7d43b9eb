"""This file reads the frames of video files and cameras one by one, through OpenCV."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np

from fer.deploy.pictures import Picture, Unread, refusal
from fer.errors import ConfigError

# FFmpeg would write its own view of every damaged file into the user's terminal; OpenCV reads this when it first opens one.
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")

#: What counts as a video by its name; OpenCV says whether it is one.
SUFFIXES = frozenset({".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".mpg", ".mpeg", ".wmv"})

#: The share of the frames and of the seconds that a file announces from which on it counts as whole.
WHOLE = 0.95


def is_video(path: Path) -> bool:
    """Whether a file is a video by its name."""
    return path.suffix.lower() in SUFFIXES


def read_video(path: Path, *, every: float = 0.0) -> Iterator[Picture | Unread]:
    """The frames of a video, `every` so many seconds or all of them, one in memory at a time."""
    with quiet():
        video = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    if video.isOpened():
        yield from released(video, str(path), every=every)
    else:
        yield Unread(str(path), "is no video that OpenCV can open" if path.is_file() else "is not there")


def read_camera(number: int) -> Iterator[Picture | Unread]:
    """What a camera shows, until it ends or whoever looks stops; raises ConfigError where there is no such camera."""
    with quiet():
        camera = cv2.VideoCapture(number)
    if not camera.isOpened():
        raise ConfigError(f"--camera {number}: found no such camera. The first one is 0; is another program using it?")
    return released(camera, f"camera {number}")


def released(video: cv2.VideoCapture, name: str, *, every: float = 0.0) -> Iterator[Picture | Unread]:
    """The frames of an open video or camera, which is closed afterwards."""
    try:
        yield from frames(video, name, every=every)
    finally:
        video.release()


@contextmanager
def quiet() -> Iterator[None]:
    """Keep OpenCV's own words on what cannot be opened out of the user's terminal while the block runs."""
    before = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        yield
    finally:
        cv2.utils.logging.setLogLevel(before)


def frames(video: cv2.VideoCapture, name: str, *, every: float) -> Iterator[Picture | Unread]:
    """The frames of an open video, each with its time; says so where there is none, or where they are too large."""
    width, height = (int(video.get(side)) for side in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT))
    if reason := refusal(width, height):
        yield Unread(name, reason)
        return
    due, time, read = 0.0, 0.0, 0
    while video.grab():
        read += 1
        time = video.get(cv2.CAP_PROP_POS_MSEC) / 1000
        if time >= due:
            yield frame(video, name, time)
            due = every * (time // every + 1) if every else 0.0
    if not read:
        yield Unread(name, "has no frame that can be read")
    elif reason := cut_short(video, read, time):
        yield Unread(name, reason)


def frame(video: cv2.VideoCapture, name: str, time: float) -> Picture | Unread:
    """The frame that was grabbed last, `time` seconds after the beginning."""
    kept, pixels = video.retrieve()
    if not kept:
        return Unread(name, f"has a frame at {time:.3f} s that cannot be read")
    return Picture(name, np.ascontiguousarray(pixels[:, :, ::-1], np.uint8), round(time, 3))


def cut_short(video: cv2.VideoCapture, read: int, time: float) -> str | None:
    """Why a video with so many frames, the last at `time` seconds, is not whole; None for a camera, and if all is there.

    What a file says of its length is exact in some formats and an estimate in others, which is wrong about frames where
    their rate changes, and about seconds where the last one stays: a video that is cut short has less than 95 % of both.
    """
    count, rate = video.get(cv2.CAP_PROP_FRAME_COUNT), video.get(cv2.CAP_PROP_FPS)
    if not (rate > 0 and WHOLE * count > read and WHOLE * count > (time * rate + 1)):
        return None
    return f"ends after {time:.1f} of {count / rate:.1f} s; the file is damaged, or not all of it is there"
