"""This file runs every protocol of conf/protocol/ on every database of conf/data/, with the quickest learner."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from composing import CONF, composed

from fer.data.database import Database
from fer.errors import ProtocolError
from fer.protocols.base import database_of
from fer.protocols.official import TRAINING
from fer.records import FaceRecord
from fer.results.report import Report, make_report
from fer.results.stored_run import read_run
from fer.training.experiment import RunSettings, build_databases
from fer.training.run import run_experiment

DATABASES = sorted(path.stem for path in (CONF / "data").glob("*.yaml"))
PROTOCOLS = sorted(path.stem for path in (CONF / "protocol").glob("*.yaml"))
DRAWN = ("synthetic", "synthetic_wild")
SMALL = [f"data.{name}.{key}" for name in DRAWN for key in ("subjects=6", "takes=2")]
QUICK = ["model=nearest_neighbour", "features=pixels", "preprocess=none", "labels=basic6"]


def partner(name: str) -> str:
    """Another database, for the protocols that need two."""
    return "synthetic_wild" if name == "synthetic" else "synthetic"


def settings(name: str, protocol: str, records: Sequence[FaceRecord], folder: Path) -> list[str]:
    """What a user would say to run the protocol on this database."""
    several = protocol in ("cross_database", "leave_one_database_out")
    chosen = [f"data=[{name},{partner(name)}]" if several else f"data={name}", f"protocol={protocol}"]
    small = [key for key in SMALL if key.split(".")[1] == name or (several and key.split(".")[1] == partner(name))]
    if protocol in ("subject_independent", "image_random"):
        chosen.append("protocol.folds=2")
    if protocol == "cross_database":
        chosen.append(f"protocol.train=[{partner(name)}]")
    if protocol == "published_folds":
        chosen.append(f"protocol.file={folds_file(records, folder)}")
    return [*chosen, *small, *QUICK]


def folds_file(records: Sequence[FaceRecord], folder: Path) -> Path:
    """Two folds of a user's own: over people where they are known, else over what must stay together."""
    unit = [record.subject or record.group or record.id for record in records]
    half = {name: i % 2 for i, name in enumerate(sorted(set(unit)))}
    rows = [f"{record.id},{half[name]}" for record, name in zip(records, unit, strict=True)]
    path = folder / "folds.csv"
    path.write_text("\n".join(["id,fold", *rows]) + "\n")
    return path


def makes_sense(protocol: str, records: Sequence[FaceRecord]) -> bool:
    """Whether the database has what the protocol needs: people, or a split of its own."""
    if protocol in ("subject_independent", "leave_one_subject_out"):
        return all(record.subject is not None for record in records)
    splits = {record.split for record in records}
    if protocol == "official":
        return bool(splits & set(TRAINING)) and bool(splits & {"PrivateTest", "test"})
    if protocol == "official_validation":
        return bool(splits & set(TRAINING)) and bool(splits & {"val", "valid", "validation"})
    return True


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a made-up copy of every database, as FER_DATA."""
    return tmp_path_factory.mktemp("data")


def database(name: str, samples: Path) -> tuple[Database, list[FaceRecord]]:
    """The database in its made-up copy, and the records that the labels of these tests keep."""
    config = composed(f"data={name}", *[key for key in SMALL if key.split(".")[1] == name], *QUICK)["data"]
    (found,) = build_databases(config)
    if "root" in config[name] and not (samples / name).exists():
        type(found).write_sample(samples / name)
    basic = ("anger", "disgust", "fear", "happiness", "sadness", "surprise")
    return found, [record for record in found.records() if record.expression in basic]


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("name", DATABASES)
def test_every_protocol_runs_on_every_database_that_has_what_it_needs(
    name: str, protocol: str, samples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FER_DATA", str(samples))
    monkeypatch.setenv("FER_CACHE", str(samples / "cache"))  # prepared once for all protocols
    _, records = database(name, samples)
    config = composed(*settings(name, protocol, records, tmp_path))
    if not makes_sense(protocol, records):
        with pytest.raises(ProtocolError, match=r"Use protocol=|protocol\.train"):
            run_experiment(config, title="t", run=RunSettings(output=str(tmp_path)), loggers={})
        return
    store, _ = run_experiment(config, title="t", run=RunSettings(output=str(tmp_path)), loggers={})
    assert store.complete
    check(make_report(read_run(store.folder)), name, protocol, records)


def check(report: Report, name: str, protocol: str, records: Sequence[FaceRecord]) -> None:
    """What must hold of every report: what is tested, and what is marked."""
    assert report.leaky == (protocol == "image_random")
    tested = {test.name: test.n for test in report.tests}
    if protocol in ("official", "official_validation"):
        assert tested.keys() <= {"private", "private_clean", "test", "test_clean", "validation", "validation_clean"}
    elif protocol == "cross_database":
        assert tested[name] == len(records)
        assert partner(name) not in tested
    else:
        assert tested[database_of(records[0])] == len(records)
