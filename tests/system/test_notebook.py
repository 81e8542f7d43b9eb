"""This file tests that docs/results.ipynb runs from its first cell to its last, and says what its stored outputs say."""

from pathlib import Path

import pytest

NOTEBOOK = Path(__file__).parents[2] / "docs" / "results.ipynb"


@pytest.mark.slow
def test_the_notebook_runs_and_its_stored_outputs_are_what_it_gives(tmp_path: Path) -> None:
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    stored = nbformat.read(NOTEBOOK, 4)
    fresh = nbformat.read(NOTEBOOK, 4)
    nbclient.NotebookClient(fresh, timeout=900, resources={"metadata": {"path": str(NOTEBOOK.parent)}}).execute()
    assert [kinds(cell) for cell in fresh.cells] == [kinds(cell) for cell in stored.cells]
    (svm,) = {line for text in texts(stored) for line in text.splitlines() if line.startswith("LinearSvm on Hog")}
    assert any(svm in text for text in texts(fresh))  # a classical model gives the same on every machine


def kinds(cell: dict) -> list[str]:
    """The kinds of a cell's outputs."""
    return [output["output_type"] for output in cell.get("outputs", [])]


def texts(notebook: dict) -> list[str]:
    """What the cells of a notebook print."""
    return [output["text"] for cell in notebook["cells"] for output in cell.get("outputs", []) if "text" in output]
