"""This file makes the pictures of the README: `make pictures` trains some models on drawn faces and photographs the pages.

Needs Chromium on the machine. Some minutes the first time; runs that are there are not trained again.
"""

import shutil
import subprocess
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "docs" / "pictures"
OUTPUT = ROOT / "outputs" / "pictures"
SVM = ("model=svm", "features=hog")
FACES = ("data.synthetic.subjects=40", "data.synthetic.takes=5", "protocol.folds=3")  # those of experiment=demo
RUNS = (
    ("experiment=demo",),
    (*SVM, *FACES),
    ("model=logistic_regression", "features=hog", *FACES),
    (*SVM, "protocol=image_random", *FACES),
    (*SVM, "data=[synthetic,synthetic_wild]", "protocol=cross_database", "protocol.train=[synthetic]"),
)
WIDTH = 1120

#: Name of a picture, the page, its height in pixels, light or dark, and the heading that it begins at.
PAGES = (
    ("leaderboard", "index.html", 900, "light", "Leaderboard"),
    ("run", "synthetic-cnn-*/index.html", 1560, "light", "synthetic-cnn"),
    ("mistakes", "synthetic-cnn-*/index.html", 1130, "dark", "Mistakes"),
    ("data", "synthetic.html", 1000, "light", "Mean faces"),
)


def main() -> None:
    """Train, write the pages, and photograph them."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("make pictures needs Chromium: apt install chromium")
    for run in RUNS:
        command("train.py", *run, f"run.output={OUTPUT}")
    command("-m", "fer", "explain", str(found("synthetic-cnn-*")))
    command("-m", "fer", "report", str(OUTPUT))
    command("-m", "fer", "data", "explore", "synthetic", "--output", str(OUTPUT / "synthetic.html"))
    PICTURES.mkdir(exist_ok=True)
    draw_faces()
    photograph(chromium)


def draw_faces() -> None:
    """Write the contact sheet of the drawn faces, small enough to be sent along."""
    command("-m", "fer.data.databases.synthetic", str(OUTPUT / "sheet.png"))
    with Image.open(OUTPUT / "sheet.png") as sheet:
        sheet.thumbnail((WIDTH, WIDTH))
        sheet.save(PICTURES / "faces.jpg", quality=85)


def command(*words: str) -> None:
    """Run a command of the project."""
    subprocess.run([sys.executable, *words], cwd=ROOT, check=True)


def found(pattern: str) -> Path:
    """The only path below the output that a pattern names."""
    (path,) = OUTPUT.glob(pattern)
    return path


def photograph(chromium: str) -> None:
    """Write a picture of a part of every page."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for name, page, height, scheme, heading in PAGES:
            tab = browser.new_page(viewport={"width": WIDTH, "height": height}, color_scheme=scheme)  # type: ignore[arg-type]
            tab.goto(found(page).as_uri())
            tab.get_by_role("heading", name=heading).first.evaluate("h => scrollTo(0, h.getBoundingClientRect().top - 40)")
            tab.screenshot(path=PICTURES / f"{name}.png")
            print(PICTURES / f"{name}.png")
        browser.close()


if __name__ == "__main__":
    main()
