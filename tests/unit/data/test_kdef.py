"""This file tests the database kdef: what its file names say, and the files that are none of its pictures."""

import shutil
from pathlib import Path

import pytest
from PIL import Image

from fer.data.databases.kdef import Kdef
from fer.data.databases.kdef_names import ANGLES, EXPRESSION_OF
from fer.errors import ConfigError, DatabaseDamaged

PICTURES = "KDEF_and_AKDEF/KDEF"


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made-up copy, drawn once."""
    folder = tmp_path_factory.mktemp("sample")
    Kdef.write_sample(folder, subjects=3)
    return folder


@pytest.fixture
def root(sample: Path, tmp_path: Path) -> Path:
    """A copy of the sample that a test may change."""
    return Path(shutil.copytree(sample, tmp_path / "data"))


def ids(root: Path) -> list[str]:
    return [record.id for record in Kdef(root).records()]


def counts(root: Path) -> dict[str, int]:
    return dict(Kdef(root).count(Kdef(root).records()))


def test_the_name_says_who_shows_what(root: Path) -> None:
    record = Kdef(root).records()[0]
    assert (record.id, record.source) == ("kdef/AF01AFS", f"{PICTURES}/AF01/AF01AFS.JPG")
    assert (record.subject, record.expression) == ("F01", "fear")
    codes = {(record.id[-3:-1], record.expression) for record in Kdef(root).records()}
    assert codes == set(EXPRESSION_OF.items())


def test_both_sessions_show_the_same_people(root: Path) -> None:
    records = Kdef(root).records()
    assert {record.subject for record in records} == {"F01", "M01", "F02"}
    assert {record.id.removeprefix("kdef/")[0] for record in records if record.subject == "M01"} == {"A", "B"}


def test_the_default_is_straight_pictures_alone(root: Path) -> None:
    assert len(ids(root)) == 3 * 7 * 2
    assert all(id.endswith("S") for id in ids(root))


def test_other_angles_are_chosen_by_name(root: Path) -> None:
    chosen = [record.id for record in Kdef(root, angles=["HL", "FR"]).records()]
    assert chosen == ["kdef/AF01AFFR", "kdef/AF01AFHL", "kdef/BF01AFFR", "kdef/BF01AFHL"]


@pytest.mark.parametrize(("angles", "found"), [(["front"], "'front'"), (["S", "s"], "'s'"), ([], "none")])
def test_angles_that_there_are_not_are_refused(angles: list[str], found: str) -> None:
    with pytest.raises(ConfigError, match=rf"data\.kdef\.angles: found {found}, expected some of S, HL, HR, FL, FR"):
        Kdef("somewhere", angles=angles)


def test_pictures_are_in_colour(root: Path) -> None:
    image = Kdef(root).read(Kdef(root).records()[0])
    assert image.shape == (762, 562, 3)
    assert (image[..., 0] != image[..., 2]).any()
    assert not Kdef(root).cropped


def test_averaged_faces_and_misnamed_pictures_are_no_records_and_are_counted(root: Path) -> None:
    before = counts(root)
    assert (before["other images"], before["misnamed pictures"]) == (1, 1)
    (root / PICTURES / "AF01" / "AF01NES.JPG").rename(root / PICTURES / "AF01" / "AF01H.JPG")
    after = counts(root)
    assert after["misnamed pictures"] == 2
    assert after["pictures"] == before["pictures"]
    assert after["images"] == before["images"] - 1


def test_a_small_file_is_taken_for_black_only_where_users_report_it(root: Path) -> None:
    for name in ("AF01SUFR", "AF01SUFL"):
        Image.new("RGB", (562, 762)).save(root / PICTURES / "AF01" / f"{name}.JPG")
    assert (root / PICTURES / "AF01" / "AF01SUFR.JPG").stat().st_size < 20_000
    database = Kdef(root, angles=ANGLES)
    names = {record.id for record in database.records()}
    assert "kdef/AF01SUFR" not in names
    assert "kdef/AF01SUFL" in names
    assert database.count(database.records())["black pictures"] == 1


def test_a_picture_reported_black_that_is_a_photograph_is_kept(root: Path) -> None:
    path = root / PICTURES / "AF01" / "AF01SUFR.JPG"
    path.write_bytes((root / PICTURES / "AF01" / "AF01SUS.JPG").read_bytes().ljust(20_000))
    assert "kdef/AF01SUFR" in {record.id for record in Kdef(root, angles=ANGLES).records()}


def test_an_image_of_the_same_name_elsewhere_does_not_stand_in_for_the_picture(root: Path) -> None:
    before = Kdef(root).records()
    (root / "map").mkdir()
    Image.new("RGB", (56, 76)).save(root / "map" / "AF01AFS.JPG")
    assert Kdef(root).records() == before
    assert counts(root)["copies"] == 1


def test_two_different_pictures_of_one_name_are_refused(root: Path) -> None:
    (root / "again" / "AF01").mkdir(parents=True)
    Image.new("RGB", (56, 76)).save(root / "again" / "AF01" / "AF01AFS.JPG")
    with pytest.raises(DatabaseDamaged, match=r"(?s)found another image than in .*data\.kdef\.root"):
        Kdef(root).records()


def test_names_in_any_case_and_flat_folders_give_the_same_ids(root: Path) -> None:
    before = ids(root)
    for path in list((root / PICTURES).glob("*/*")):
        path.rename(root / path.name.lower())
    assert ids(root) == before


def test_a_missing_root_stands_for_the_unpacked_archive_beside_it(root: Path) -> None:
    assert ids(root / "kdef") == ids(root)


def test_a_copy_as_published_has_the_published_counts(tmp_path: Path) -> None:
    for session in (f"{s}{g}{n:02d}" for s in "AB" for g in "FM" for n in range(1, 36)):
        (tmp_path / session).mkdir()
        for code in EXPRESSION_OF:
            for angle in ANGLES:
                (tmp_path / session / f"{session}{code}{angle}.JPG").touch()
    (tmp_path / "AF31" / "AF31SAHL.JPG").rename(tmp_path / "AF31" / "AF31V.JPG")
    database = Kdef(tmp_path)
    records = database.records()
    assert len(records) == 980
    assert all(found == expected for found, expected in database.checks(records).values())
