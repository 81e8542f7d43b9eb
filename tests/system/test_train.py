"""These tests run train.py as a user does: in processes of its own where processes matter, and else in this one, in less time."""

import csv
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Protocol

import pytest
from tiny_run import ROOT, TINY, predictions

from fer.cli.train import main
from fer.data.databases.fer2013 import Fer2013
from fer.files import read_json
from fer.results.predictions import read_predictions

FOUR_FOLDS = [*TINY, "protocol.folds=4", "trainer.epochs=5"]


def command(*arguments: str, output: Path) -> list[str]:
    return [sys.executable, str(ROOT / "train.py"), *arguments, f"run.output={output}"]


def train(*arguments: str, output: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(*arguments, output=output), cwd=output.parent, capture_output=True, text=True, timeout=300)


class Here(Protocol):
    """Runs train.py in this process, which has torch already, and says what a process of its own would."""

    def __call__(self, *arguments: str, output: Path) -> subprocess.CompletedProcess[str]: ...


@pytest.fixture
def train_here(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Here:
    def run(*arguments: str, output: Path) -> subprocess.CompletedProcess[str]:
        monkeypatch.setattr(sys, "argv", command(*arguments, output=output)[1:])
        monkeypatch.chdir(output.parent)
        try:
            main()
        except SystemExit as end:
            return subprocess.CompletedProcess(sys.argv, int(end.code or 0), *capsys.readouterr())
        return subprocess.CompletedProcess(sys.argv, 0, *capsys.readouterr())

    return run


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output folder of a run that nothing disturbed."""
    output = tmp_path_factory.mktemp("undisturbed") / "outputs"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FER_CACHE", str(output.parent / "cache"))
        patch.setattr(sys, "argv", command(*FOUR_FOLDS, output=output)[1:])
        patch.chdir(output.parent)
        main()
    return output


def test_a_run_ends_with_a_table_and_every_face_predicted_once(undisturbed: Path) -> None:
    (run,) = undisturbed.iterdir()
    parts = [read_predictions(path) for path in sorted(run.glob("folds/*/predictions.csv"))]
    times = Counter(i for part in parts for i in part.id.tolist())
    assert len(parts) == 4
    assert len(times) == 12 * 7 * 2
    assert set(times.values()) == {1}
    report = read_json(run / "report.json")
    assert report["tests"]["synthetic"]["n"] == 168
    assert (run / "index.html").is_file()
    assert sorted(path.name for path in (run / "folds" / "00").iterdir()) == [
        "card.json",
        "history.csv",
        "model.safetensors",
        "predictions.csv",
        "seen.npz",
    ]


def test_the_command_of_a_complete_run_trains_nothing_and_prints_the_same_every_time(undisturbed: Path, train_here: Here) -> None:
    before = predictions(undisturbed)
    first = train_here(*FOUR_FOLDS, output=undisturbed)
    second = train_here(*FOUR_FOLDS, output=undisturbed)
    assert first.returncode == 0
    assert "This run is complete; nothing was trained." in first.stdout
    assert "synthetic" in first.stdout
    assert str(next(undisturbed.iterdir()) / "index.html") in first.stdout
    assert second.stdout == first.stdout
    assert predictions(undisturbed) == before


def kill_when(process: subprocess.Popen[bytes], appears: Path, pattern: str) -> None:
    """Kill the process as soon as a file appears in its run; there is no chance to tidy up."""
    deadline = time.monotonic() + 200
    while not list(appears.glob(pattern)):
        assert process.poll() is None, "the run ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()


@pytest.mark.slow
@pytest.mark.parametrize(
    "places",
    [
        ["02.working/checkpoints/last.ckpt"],
        ["02.working/checkpoints/last.ckpt", "03.working/history.csv"],
    ],
    ids=["once", "twice"],
)
def test_a_run_that_was_killed_in_later_folds_ends_with_the_same_bytes(
    undisturbed: Path, train_here: Here, tmp_path: Path, places: list[str]
) -> None:
    output = tmp_path / "outputs"
    for place in places:
        kill_when(subprocess.Popen(command(*FOUR_FOLDS, output=output), cwd=tmp_path), output, f"*/folds/.{place}")
    assert 2 <= len(predictions(output)) < 4
    assert train_here(*FOUR_FOLDS, output=output).returncode == 0
    assert predictions(output) == predictions(undisturbed)


@pytest.mark.parametrize("folds", [["00"], pytest.param(["00", "01", "02"], marks=pytest.mark.slow)], ids=len)
def test_folds_in_workers_end_with_the_same_bytes(undisturbed: Path, train_here: Here, tmp_path: Path, folds: list[str]) -> None:
    output = tmp_path / "outputs"
    done = train_here(*FOUR_FOLDS, "run.workers=2", f"run.folds=[{','.join(folds)}]", output=output)
    assert done.returncode == 0, done.stderr
    alone = predictions(undisturbed)
    assert predictions(output) == {fold: alone[fold] for fold in folds}
    (run,) = output.iterdir()
    assert read_json(run / "provenance.json")["threads"] == 1
    assert read_json(run / "folds" / "00" / "card.json")["threads"] == 1


@pytest.mark.slow
def test_every_shard_leaves_its_own_folds_with_the_same_bytes(undisturbed: Path, train_here: Here, tmp_path: Path) -> None:
    output = tmp_path / "outputs"
    first = train_here(*FOUR_FOLDS, "run.shard=2/3", output=output)
    assert "Folds still to do: 00, 02, 03" in first.stdout
    assert train_here(*FOUR_FOLDS, "run.shard=3/3", output=output).returncode == 0
    alone = predictions(undisturbed)
    assert predictions(output) == {fold: alone[fold] for fold in ("01", "02")}


#: A network without batch normalisation, whose losses on two ranks are those on one; batches of eight, or twice four.
WITHOUT_NORMALISATION = [
    "model=lopes",
    "preprocess=none",
    "augment=none",
    "data.synthetic.subjects=8",
    "data.synthetic.takes=2",
    "data.synthetic.size=24",
    "protocol.folds=2",
    "run.folds=[0]",
    "run.threads=1",
]
EIGHT = ["trainer.epochs=2", "trainer.batch_size=8"]
TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2", "--standalone"]


@pytest.mark.slow
@pytest.mark.parametrize("started_by", ["torchrun", "lightning"])
def test_two_ranks_take_the_same_steps_as_one_and_predict_every_face_once(
    tmp_path: Path, train_here: Here, started_by: str
) -> None:
    two, one = (tmp_path / name / "outputs" for name in ("two", "one"))
    for folder in (two, one):
        folder.parent.mkdir()
    ranks = ["trainer=ddp"] if started_by == "torchrun" else ["trainer=ddp", "trainer.devices=2"]
    asked = command(*WITHOUT_NORMALISATION, *ranks, *EIGHT, output=two)
    started = [*TORCHRUN, *asked[1:]] if started_by == "torchrun" else asked
    done = subprocess.run(started, cwd=two.parent, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Test set") == 1  # one of the ranks speaks
    assert train_here(*WITHOUT_NORMALISATION, *EIGHT, output=one).returncode == 0
    (run,), (alone,) = two.iterdir(), one.iterdir()
    histories = [list(csv.DictReader((of / "folds" / "00" / "history.csv").open())) for of in (run, alone)]
    for here, there in zip(*histories, strict=True):
        for column in ("train_loss", "val_loss", "val_accuracy", "lr"):
            assert float(here[column]) == pytest.approx(float(there[column]), rel=1e-4), column
    tested = read_json(run / "folds.json")["folds"][0]["tests"]["synthetic"]
    rows = [row["id"] for row in csv.DictReader((run / "folds" / "00" / "predictions.csv").open())]
    assert sorted(rows) == sorted(tested)


def test_processes_that_were_started_together_without_need_are_refused(tmp_path: Path, train_here: Here) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"TORCHELASTIC_RUN_ID": "x", "RANK": "0", "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2"}.items():
            patch.setenv(name, value)
        done = train_here(*WITHOUT_NORMALISATION, *EIGHT, output=tmp_path / "outputs")
    assert done.returncode == 2
    assert "trainer.devices=1 and trainer.nodes=1: found 2 started by torchrun, 2 on each machine" in done.stderr
    assert not (tmp_path / "outputs").exists()


def test_fer2013_runs_by_its_published_split_with_the_clean_test_set_beside_it(tmp_path: Path, train_here: Here) -> None:
    Fer2013.write_sample(tmp_path / "fer2013")
    output = tmp_path / "outputs"
    small = ["model.stem=4", "model.widths=[8]", "trainer.epochs=1", "run.threads=1"]
    done = train_here("data=fer2013", "labels=ferplus", f"data.fer2013.root={tmp_path}/fer2013", *small, output=output)
    assert done.returncode == 0, done.stderr
    (run,) = output.iterdir()
    report = read_json(run / "report.json")
    assert run.name.startswith("fer2013-cnn-official-")
    assert list(report["tests"]) == ["private", "private_clean"]
    assert report["tests"]["private"]["n"] > report["tests"]["private_clean"]["n"]
    assert "FER+ reference rule" in report["label_rule"]
    assert "FER+ reference rule" in " ".join(done.stdout.split())


def test_a_timm_network_runs_from_random_weights(tmp_path: Path, train_here: Here) -> None:
    small = [
        "data.synthetic.subjects=6",
        "data.synthetic.takes=1",
        "protocol.folds=2",
        "trainer.epochs=1",
        "model.size=32",
        "run.folds=[0]",
    ]
    done = train_here(
        "model=resnet", "model.name=test_resnet", "data=synthetic", "model.pretrained=false", *small, output=tmp_path / "outputs"
    )
    assert done.returncode == 0, done.stderr
    assert next((tmp_path / "outputs").iterdir()).name.startswith("synthetic-resnet-subject_independent-")


def test_several_databases_make_one_run(tmp_path: Path, train_here: Here) -> None:
    few = [f"data.{name}.{key}" for name in ("synthetic", "synthetic_wild") for key in ("subjects=6", "takes=1")]
    small = ["protocol.folds=2", "trainer.epochs=1", "model.stem=4", "model.widths=[8]"]
    done = train_here("data=[synthetic,synthetic_wild]", *few, *small, output=tmp_path / "outputs")
    assert done.returncode == 0, done.stderr
    (run,) = (tmp_path / "outputs").iterdir()
    assert list(read_json(run / "report.json")["tests"]) == ["synthetic", "synthetic_wild"]


PLANTED_YAML = """# @package data.planted
_target_: planted.Planted
leak: none
people: 12
"""


@pytest.mark.parametrize(
    ("leak", "message"),
    [
        ("subject", "fold '00': subject p00 is in train and in test 'test' (1 image)"),
        ("group", "fold '00': group g00 is in train and in test 'test' (1 image)"),
        ("exact", "has 1 image with an exact copy in "),
        ("mirrored", "has 1 image with a mirrored copy in "),
    ],
)
def test_a_planted_leak_stops_the_run_before_anything_is_trained(
    tmp_path: Path, train_here: Here, monkeypatch: pytest.MonkeyPatch, leak: str, message: str
) -> None:
    (tmp_path / "conf" / "data").mkdir(parents=True)
    (tmp_path / "conf" / "data" / "planted.yaml").write_text(PLANTED_YAML)
    monkeypatch.setenv("FER_PLUGINS", "planted")
    protocol = "subject_independent" if leak in ("exact", "mirrored") else "official"
    arguments = ["data=planted", f"data.planted.leak={leak}", f"protocol={protocol}", "model=nearest_neighbour"]
    search = f"hydra.searchpath=[file://{tmp_path}/conf]"
    done = train_here(*arguments, search, output=tmp_path / "outputs")
    assert done.returncode == 2
    assert done.stderr.startswith("LeakError: ")
    assert message in done.stderr
    assert not (tmp_path / "outputs").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["model=resnte"], "ConfigError: model=resnte: there is no model 'resnte'; did you mean 'resnet'? The choices are"),
        (["model.widht=3"], "ConfigError: model.widht: CompactCnn takes no such argument; did you mean 'widths'?"),
        (["modle=cnn"], "ConfigError: modle: the configuration takes no such argument; did you mean 'model'?"),
        (["data=synthetic", "trainer.epochs=many", "+model.depht=2"], "ConfigError: model.depht: CompactCnn takes no such"),
        (["model=resnet", "model.weights=nowhere.pth"], "WeightsError: there is no nowhere.pth. Expected a .safetensors file"),
        (["data=fer2013", "data.fer2013.root=nowhere"], "DatabaseNotFound: fer2013 is not in nowhere (looked for "),
        (
            ["data=fer2013", "data.fer2013.root=nowhere", "trainer=ddp"],
            "DatabaseNotFound: fer2013 is not in nowhere (looked for ",
        ),
        (["trainer=ddp", "trainer.nodes=2"], "ConfigError: trainer.devices=1 and trainer.nodes=2: found one process, started by"),
        (["trainer.devices=foo"], "ConfigError: trainer.devices: found 'foo', expected a whole number"),
        (["trainer.strategy=foo"], "ConfigError: trainer.strategy: found 'foo', expected one of auto, ddp, "),
        (["trainer=fsdp", "trainer.accelerator=cpu"], "ConfigError: trainer.strategy: found fsdp, which needs GPUs of CUDA"),
        (["run.workers=many"], "ConfigError: run.workers: found 'many', expected a whole number or one of auto"),
        (["protocol=official"], "ProtocolError: synthetic has no training part in its own split"),
        (["run.shard=3/2"], "ConfigError: run.shard: found '3/2', expected 1/N to N/N"),
        (["data=[]"], "ConfigError: data: found no database"),
        (["data=[synthetic,synthetic]"], "ConfigError: data: found synthetic twice, expected each database once"),
        (["model=svm", "seed=[0,1]"], "ConfigError: seed: LinearSvm draws nothing at random"),
        (["model=null"], "ConfigError: a group was set to null"),
        (["seed=one"], "ConfigError: seed: found 'one', expected a whole number"),
    ],
)
def test_a_mistake_is_one_message_and_status_2(tmp_path: Path, train_here: Here, arguments: list[str], message: str) -> None:
    done = train_here(*arguments, output=tmp_path / "outputs")
    assert done.returncode == 2
    assert done.stderr.startswith(message)
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert not (tmp_path / "outputs").exists()


@pytest.mark.parametrize("unwritable", ["outputs", "cache"])
def test_a_place_that_cannot_be_written_is_one_message_and_status_2(
    tmp_path: Path, train_here: Here, monkeypatch: pytest.MonkeyPatch, unwritable: str
) -> None:
    (tmp_path / unwritable).write_text("a file in the way")
    monkeypatch.setenv("FER_CACHE", str(tmp_path / "cache"))
    few = ["model=nearest_neighbour", "data.synthetic.subjects=6", "data.synthetic.takes=1", "protocol.folds=2"]
    done = train_here(*few, output=tmp_path / "outputs")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"OutputError: {tmp_path / unwritable}/")
    assert "Traceback" not in done.stderr
    assert (tmp_path / unwritable).read_text() == "a file in the way"


def test_help_lists_the_choices_and_loads_nothing_heavy() -> None:
    script = (
        "import sys; sys.argv = ['train.py', '--help']; import fer.cli.train; fer.cli.train.main(); "
        "assert not {'torch', 'lightning', 'timm', 'albumentations', 'scipy'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert "model       attentional, cnn, dbn, logistic_regression, lopes, mlp, nearest_neighbour" in done.stdout
