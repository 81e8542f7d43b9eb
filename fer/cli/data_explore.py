"""This file carries out `fer data explore`."""

from pathlib import Path

from fer.data.database import Database
from fer.data.explore.portrait import portray
from fer.errors import ConfigError
from fer.files import require_writable, write_atomically
from fer.results.pages.explore import explore_page

IMAGES = 40_000  # FER2013 whole; half a minute to some minutes of reading


def explore(database: Database, *, output: Path | None, images: int | None, seed: int | None) -> None:
    """Draw the page of a database and say where it lies."""
    if images is not None and images < 1:
        raise ConfigError(f"--images: found {images}, expected 1 or more")
    if seed is not None and seed < 0:
        raise ConfigError(f"--seed: found {seed}, expected 0 or more")
    page = output or Path("outputs") / "data" / f"{database.name}.html"
    require_writable(page)
    portrait = portray(database, database.records(), images=images or IMAGES, seed=seed or 0)
    write_atomically(page, explore_page(portrait))
    print(f"Page   {page}")
    print("It shows images of the database, whose licence is its own: keep it where the images may be.")
