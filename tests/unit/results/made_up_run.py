"""This file writes run folders with made-up predictions, as the training side leaves them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from fer.files import read_json, write_atomically, write_json
from fer.records import EXPRESSIONS
from fer.results.predictions import Predictions, write_predictions

SEVEN = EXPRESSIONS[:7]


def made_up_predictions(
    n: int = 200,
    *,
    labels: Sequence[str] = SEVEN,
    fold: str = "00",
    test_set: str = "synthetic",
    subjects: int = 20,
    skill: float = 3.0,
    seed: int = 0,
    start: int = 0,
) -> Predictions:
    """Predictions of a model that is right more often than not; harder labels and people exist. No subjects where 0."""
    rng = np.random.default_rng([seed, start])
    weights = 1 / (1 + 0.35 * np.arange(len(labels)))
    target = rng.choice(len(labels), n, p=weights / weights.sum())
    person = rng.integers(max(subjects, 1), size=n) + start
    ease = skill * (1 - 0.08 * np.arange(len(labels)))[target] + rng.normal(0, 0.8, max(subjects, 1) + start)[person]
    logits = rng.normal(0, 1.2, (n, len(labels)))
    logits[np.arange(n), target] += ease
    logits[np.arange(n), (target + 2) % len(labels)] += 0.5
    shares = np.exp(1.15 * logits)
    return Predictions(
        fold=np.array([fold] * n, np.str_),
        test_set=np.array([test_set] * n, np.str_),
        id=np.array([f"synthetic/{start + i:05d}" for i in range(n)], np.str_),
        subject=np.array([f"S{p:03d}" if subjects else "" for p in person], np.str_),
        target=target.astype(np.int64),
        probabilities=(shares / shares.sum(axis=1, keepdims=True)).astype(np.float32),
        labels=tuple(labels),
    )


def made_up_folds(folds: int = 5, **made: object) -> list[Predictions]:
    """The predictions of each fold; no image and no subject is in two."""
    return [made_up_predictions(fold=f"{i:02d}", start=1000 * i, **made) for i in range(folds)]  # type: ignore[arg-type]


def write_run(
    path: Path,
    folds: Sequence[Predictions],
    *,
    done: int | None = None,
    protocol: str = "subject_independent",
    leaky: bool = False,
    model: str = "resnet",
    data: Sequence[str] = ("synthetic",),
    seed: int = 0,
    leaks: Mapping[str, int] | None = None,
    epochs: int = 12,
) -> Path:
    """Write a run folder with `folds` planned and the first `done` of them done."""
    labels = folds[0].labels
    model_config = {"name": model, "_target_": "fer.models.classifier.ExpressionClassifier", "width": 32}
    config = {
        "data": {name: {"_target_": f"fer.data.databases.{name}", "root": f"data/{name}"} for name in data},
        "labels": {"names": None, "merge": {}, "votes": None},
        "preprocess": {"_target_": "fer.data.preprocessing.face_crop.FaceCrop", "margin": 0.1},
        "model": model_config,
        "optim": {"lr": 0.1, "weight_decay": 1e-4},
        "protocol": {"_target_": f"fer.protocols.{protocol}"},
        "seed": seed,
    }
    planned = [plan_of(fold, leaks or {}, seed=seed) for fold in folds]
    plan = {
        "schema": 1,
        "protocol": protocol,
        "leaky": leaky,
        "labels": list(labels),
        "label_rule": "the databases' own labels",
        "images": sum(len(fold) for fold in folds),
        "dropped": {"contempt": 18},
        "merged": {},
        "cropped": ["webcam"],
        "not_found": {"synthetic": 2},
        "folds": planned,
    }
    write_json(path / "folds.json", plan)
    write_json(path / "provenance.json", PROVENANCE)
    write_json(path / "config.json", config)
    for fold in folds[: len(folds) if done is None else done]:
        write_fold(path / "folds" / str(fold.fold[0]), fold, epochs=epochs, seed=seed)
    return path


def write_seeds(path: Path, by_seed: dict[int, Predictions], *, done: int) -> Path:
    """A run folder with a fold a seed, the first `done` of them finished."""
    folds = [replace(rows, fold=np.array([f"00-seed{seed}"] * len(rows), np.str_)) for seed, rows in by_seed.items()]
    write_run(path, folds[:1], done=0)
    plan = read_json(path / "folds.json")
    write_json(
        path / "folds.json", {**plan, "folds": [plan_of(f, {"x": 1}, seed=s) for f, s in zip(folds, by_seed, strict=True)]}
    )
    for fold, seed in list(zip(folds, by_seed, strict=True))[:done]:
        folder = path / "folds" / str(fold.fold[0])
        write_fold(folder, replace(fold, fold=np.array(["0"] * len(fold), np.str_)), epochs=0, seed=seed)
        text = (folder / "predictions.csv").read_text().replace("\n0,", f"\n{fold.fold[0]},")
        (folder / "predictions.csv").write_text(text)
    return path


def plan_of(fold: Predictions, leaks: Mapping[str, int], *, seed: int = 0) -> dict[str, object]:
    """The fold as it stands in folds.json."""
    tests: dict[str, list[str]] = {}
    for name, image in zip(fold.test_set.tolist(), fold.id.tolist(), strict=True):
        tests.setdefault(name, []).append(image)
    parts = {"train": ["synthetic/x"], "val": ["synthetic/y"], "tests": tests}
    return {"name": str(fold.fold[0]), "seed": seed, **parts, "trained": list(fold.labels), "leaks": dict(leaks)}


def write_fold(folder: Path, predictions: Predictions, *, epochs: int, seed: int) -> None:
    """Write a fold that is done; without epochs it is a classical model's."""
    write_predictions(folder / "predictions.csv", predictions)
    rng = np.random.default_rng([seed, int(predictions.fold[0])])
    selection: dict[str, object] = {}
    if epochs:
        chosen = int(rng.integers(epochs // 2, epochs))
        value = round(0.9 + 0.05 * float(rng.random()), 4)
        selection = {"monitor": "val_macro_f1", "epoch": chosen + 1, "epochs": epochs, "value": value, "on": "validation"}
        write_atomically(folder / "history.csv", history(epochs, rng))
    card = {
        "schema": 1,
        "fold": str(predictions.fold[0]),
        "selection": selection,
        "parameters": 1_230_000,
        "train_images": 2400,
        "val_images": 480,
        "seconds": round(61 + 5 * float(rng.random()), 1),
        "threads": 2,
        "device": "cpu",
        "precision": "32-true",
    }
    write_json(folder / "card.json", card)


def history(epochs: int, rng: np.random.Generator) -> str:
    """The text of a history.csv in which the validation loss rises at the end."""
    lines = ["epoch,train_loss,val_loss,val_accuracy,val_macro_f1,lr,seconds"]
    for epoch in range(epochs):
        train = 1.9 * np.exp(-3 * epoch / epochs) + 0.05 + rng.normal(0, 0.02)
        val = 1.8 * np.exp(-3.4 * epoch / epochs) + 0.28 + 0.2 * (epoch / epochs) ** 2 + rng.normal(0, 0.03)
        accuracy = 0.95 - 0.7 * np.exp(-4 * epoch / epochs) + rng.normal(0, 0.008)
        lines.append(f"{epoch},{train:.4f},{val:.4f},{accuracy:.4f},{accuracy - 0.02:.4f},{0.1 * (1 - epoch / epochs):.4f},5.1")
    return "\n".join(lines) + "\n"


PROVENANCE = {
    "commit": "129a856c0ffee129a856c0ffee129a856c0ffee1",
    "dirty": False,
    "versions": {"python": "3.11.7", "torch": "2.11.0", "lightning": "2.6.0", "numpy": "2.3.1"},
    "hardware": {"processor": "AMD EPYC", "cores": 2, "memory_gib": 23.5, "gpus": []},
    "argv": ["train.py", "model=resnet", "data=synthetic", "trainer.epochs=12"],
    "started": "2026-05-12T09:41:00+00:00",
}
