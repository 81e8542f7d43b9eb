"""This file tests the database table: csv and parquet, and the mistakes that a table can have."""

import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from fer.data.databases.table import Table
from fer.errors import ConfigError, DatabaseDamaged, DatabaseNotFound

IMAGES = ("a/1.png", "a/2.png", "b/1.png")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with three images."""
    for i, name in enumerate(IMAGES):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.new("RGB", (6, 4), (40 * i, 20, 30)).save(tmp_path / name)
    return tmp_path


def write(root: Path, *lines: str, name: str = "faces.csv") -> Path:
    """Write a table and return its root."""
    (root / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return root


def damage(root: Path, **options: Any) -> str:
    """The one message that the damaged table gives."""
    with pytest.raises(DatabaseDamaged) as raised:
        Table(root, **options).records()
    return str(raised.value)


def test_a_row_is_a_record(root: Path) -> None:
    write(root, "path,expression,subject,group,split", "b/1.png,Happy,anna,video 7,test", "a/1.png,sadness,,,")
    first, second = Table(root).records()
    assert (first.id, first.source, first.expression) == ("table/a/1", "a/1.png", "sadness")
    assert (first.subject, first.group, first.split) == (None, None, None)
    assert (second.id, second.expression, second.subject) == ("table/b/1", "happiness", "anna")
    assert (second.group, second.split) == ("video 7", "test")


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_optional_columns_may_be_missing_and_others_are_ignored(root: Path, delimiter: str) -> None:
    write(root, delimiter.join(("age", "expression", "path")), delimiter.join(("31", "fear", "a/1.png")))
    (record,) = Table(root).records()
    assert (record.id, record.expression, record.subject) == ("table/a/1", "fear", None)


def test_columns_can_be_called_otherwise(root: Path) -> None:
    write(root, "file,label,person", "a/1.png,1,anna")
    columns = {"path": "file", "expression": "label", "subject": "person"}
    (record,) = Table(root, columns=columns, expressions={"1": "surprise"}).records()
    assert (record.expression, record.subject) == ("surprise", "anna")


def test_a_column_of_another_name_must_be_there(root: Path) -> None:
    write(root, "path,expression,subject", "a/1.png,fear,anna")
    message = damage(root, columns={"subject": "subjekt"})
    assert "faces.csv: found the columns path, expression, subject, expected subjekt; did you mean 'subject'?" in message


def test_missing_columns_are_named(root: Path) -> None:
    message = damage(write(root, "file,label", "a/1.png,fear"))
    assert f"{root / 'faces.csv'}: found the columns file, label, expected path, expression" in message


def test_a_column_that_no_table_has_is_refused(root: Path) -> None:
    with pytest.raises(ConfigError, match=r"data\.table\.columns\.subjet: is no column; did you mean 'subject'"):
        Table(root, columns={"subjet": "person"})


def test_everything_that_is_wrong_is_said_at_once_with_rows(root: Path) -> None:
    write(
        root,
        "path,expression",
        "a/1.png,happy",
        "a/9.png,happy",
        ",sad",
        "a/2.png,",
        "b/1.png,hapy",
        "a/1.png,sad",
        "../out.png,sad",
        "b/7.png,xyz",
    )
    message = damage(root)
    assert message.startswith(f"DatabaseDamaged: {root / 'faces.csv'}: ")
    for part in (
        "row 4: the path is empty.",
        f"row 8 (../out.png): the path does not lead below {root}.",
        "rows 3 (a/9.png), 9 (b/7.png): there is no such image.",
        "row 7 (a/1.png): the same image as in an earlier row",
        "row 5: the expression is empty.",
        "row 6: 'hapy' is no expression; did you mean 'happy'?",
        "row 9: 'xyz' is no expression",
        "'data.table.expressions={hapy: …, xyz: …}'",
    ):
        assert part in message


def test_many_rows_are_counted(root: Path) -> None:
    message = damage(write(root, "path,expression", *[f"gone/{i}.png,sad" for i in range(1200)]))
    assert "6 (gone/4.png) and 1,195 more: there is no such image." in message


def test_one_name_with_two_suffixes_is_damage(root: Path) -> None:
    Image.new("L", (2, 2)).save(root / "a" / "1.jpg")
    assert "row 3 (a/1.jpg): the same image as in an earlier row" in damage(
        write(root, "path,expression", "a/1.png,sad", "a/1.jpg,sad")
    )


def test_paths_may_be_absolute_below_the_root_or_of_windows(root: Path) -> None:
    write(root, "path,expression", f"{root / 'a' / '1.png'},sad", "b\\1.png,sad", "./a/../a/2.png,sad")
    assert [record.source for record in Table(root).records()] == list(IMAGES)


def test_paths_are_relative_to_the_table(root: Path) -> None:
    write(root, "path,expression", "2.png,sad", "../b/1.png,sad", name="a/list.csv")
    assert [record.id for record in Table(root, file="a/list.csv").records()] == ["table/a/2", "table/b/1"]


def test_a_relative_root_gives_the_same_records(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    records = Table(write(root, "path,expression", "a/1.png,sad", f"{root / 'b' / '1.png'},sad")).records()
    monkeypatch.chdir(root.parent)
    assert Table(root.name).records() == records


def test_cells_in_quotes_and_blank_lines_are_read(root: Path) -> None:
    (root / "a, b.png").write_bytes((root / "a" / "1.png").read_bytes())
    write(root, '"path","expression"', "", '"a, b.png"," sad "', " ")
    assert [record.source for record in Table(root).records()] == ["a, b.png"]


def test_a_row_of_another_length_is_named(root: Path) -> None:
    message = damage(write(root, "path,expression", "a/1.png,sad", "a/2.png,sad,what"))
    assert f"{root / 'faces.csv'} row 3: found 3 cells, expected 2: path, expression." in message


def test_a_table_without_rows_is_damage(root: Path) -> None:
    assert "found no row below the names of the columns" in damage(write(root, "path,expression"))


def test_a_file_that_is_no_text_is_damage(root: Path) -> None:
    (root / "faces.csv").write_bytes(b"path,expression\n\xff\xfe\x00,sad\n")
    assert f"{root / 'faces.csv'}: found no readable table" in damage(root)


def test_parquet_gives_the_same_records_as_csv(root: Path) -> None:
    pa, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    records = Table(write(root, "path,expression,subject", "a/1.png,sad,3", "b/1.png,happy,")).records()
    table = pa.table({"path": ["a/1.png", "b/1.png"], "expression": ["sad", "happy"], "subject": [3.0, None]})
    parquet.write_table(table, root / "faces.parquet")
    assert Table(root, file="faces.parquet").records() == records
    parquet.write_table(table.set_column(1, "expression", [["sad", "hapy"]]), root / "faces.parquet")
    assert "faces.parquet: row 2: 'hapy' is no expression" in damage(root, file="faces.parquet")


def test_a_broken_parquet_file_is_damage(root: Path) -> None:
    pytest.importorskip("pyarrow")
    (root / "faces.parquet").write_bytes(b"PAR1 nothing")
    assert "faces.parquet: found no readable parquet file" in damage(root, file="faces.parquet")


def test_without_pyarrow_the_extra_is_named(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root / "faces.parquet").touch()
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(
        ConfigError, match=r"needs the package 'pyarrow', which is not installed: pip install 'ferlab\[parquet\]'"
    ):
        Table(root, file="faces.parquet").records()


def test_another_name_is_another_database(root: Path) -> None:
    write(root, "path,expression", "a/1.png,sad")
    assert Table(root, name="mine").records()[0].id == "mine/a/1"


def test_the_table_belongs_to_the_files(root: Path) -> None:
    database = Table(write(root, "path,expression", "a/1.png,sad"))
    assert set(database.files()) == {root / "faces.csv", root / "a" / "1.png"}


def test_grey_is_read_where_it_is_asked_for(root: Path) -> None:
    write(root, "path,expression", "a/1.png,sad")
    grey, colour = Table(root, colour=False), Table(root)
    assert grey.read(grey.records()[0]).shape == (4, 6)
    assert colour.read(colour.records()[0]).shape == (4, 6, 3)
    assert grey.digest() != colour.digest()


def test_a_missing_table_is_said_with_how_to_name_another(root: Path) -> None:
    with pytest.raises(DatabaseNotFound, match=r"looked for faces\.csv; data\.table\.file names another table"):
        Table(root).records()
