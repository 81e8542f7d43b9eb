"""This file finds the pictures that the user names: images, folders, patterns, videos and standard input."""

import glob
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path

from fer.data.image_files import files_below
from fer.deploy.pictures import BYTES, Picture, Unread, picture_from, read_picture
from fer.deploy.videos import is_video, read_video
from fer.errors import ConfigError

STANDARD_INPUT = "-"


def named(words: Sequence[str]) -> list[str | Path]:
    """The files, each word's sorted, and - for standard input; raises ConfigError where no word names anything.

    A folder stands for all files below it but hidden ones, a pattern with *, ? or [ for those that it fits. A word that
    names nothing stays, so that whoever reads it says so.
    """
    if words.count(STANDARD_INPUT) > 1:
        raise ConfigError("found - twice: standard input is one image")
    files = list(dict.fromkeys(chain.from_iterable(map(meant, words))))
    if not any(file == STANDARD_INPUT or Path(file).exists() for file in files):
        raise ConfigError(
            f"{', '.join(words) or 'no SOURCE'}: found no file. Expected images, videos, folders of them, "
            f"patterns such as 'photos/*.jpg', or - for standard input."
        )
    return files


def meant(word: str) -> Iterable[str | Path]:
    """What a word names; a file of this very name comes before a pattern."""
    path = Path(word)
    if word == STANDARD_INPUT:
        return [word]
    if path.is_dir():
        return sorted(files_below(path))
    if not path.exists() and glob.has_magic(word):
        return sorted(found for found in map(Path, glob.glob(word, recursive=True)) if not found.is_dir()) or [path]
    return [path]


def pictures(files: Iterable[str | Path], *, every: float = 0.0) -> Iterator[Picture | Unread]:
    """The pictures one by one; of videos a frame `every` so many seconds, or every one."""
    for file in files:
        if file == STANDARD_INPUT:
            yield picture_from("standard input", sys.stdin.buffer.read(BYTES + 1))
        elif is_video(Path(file)):
            yield from read_video(Path(file), every=every)
        else:
            yield read_picture(Path(file))
