"""This file describes a run that takes seconds, for tests that start train.py, and reads what such runs leave."""

from pathlib import Path

ROOT = Path(__file__).parents[1]

#: Twelve drawn people and a network of a few thousand weights; the folds and epochs are up to the test.
TINY = (
    "data.synthetic.subjects=12",
    "data.synthetic.takes=2",
    "data.synthetic.size=24",
    "model.size=24",
    "model.stem=4",
    "model.widths=[8]",
    "trainer.batch_size=8",
    "run.threads=1",
)


def predictions(output: Path) -> dict[str, bytes]:
    """The bytes of every fold's predictions in the one run below `output`."""
    (run,) = (path.parent for path in output.glob("*/config.json"))
    return {path.parent.name: path.read_bytes() for path in sorted(run.glob("folds/[0-9]*/predictions.csv"))}
