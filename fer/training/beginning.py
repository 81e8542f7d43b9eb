"""This file gives a network what it has before its first step: a teacher, weights of another training, what needs no labels."""

from pathlib import Path

from fer.data.faces import Faces
from fer.errors import WeightsError
from fer.files import write_json
from fer.models.classifier import ExpressionClassifier
from fer.models.weights import load_backbone, load_head, read_weights, stored_classifier
from fer.training.learner import FoldContext
from fer.training.pretraining import pretrain
from fer.training.settings import TrainerSettings
from fer.training.start import weights_file

START = "start.json"


def start_from(classifier: ExpressionClassifier, run: str, fold: FoldContext, labels: tuple[str, ...]) -> None:
    """Load the weights that a run, or a file, has for a fold, say what of them fitted, and leave that in the fold's folder."""
    weights = read_weights(weights_file(Path(run), fold.name, fold.cut))
    started = load_backbone(classifier.backbone, weights)
    head = load_head(classifier.head, labels, weights)
    fold.progress.say(f"{started}; the head {'with them' if head else 'starts at random'}.")
    write_json(fold.folder / START, {**started.as_json(), "head": head})


def start_unlabelled(classifier: ExpressionClassifier, train: Faces, fold: FoldContext, settings: TrainerSettings) -> None:
    """Load what the network's publisher offers, where that is asked for, and pre-train what learns without labels."""
    if published := classifier.backbone.load_pretrained():
        write_json(fold.folder / START, {"file": published})
    pretrain(classifier.backbone, train, fold, settings)


def teacher_of(run: str, fold: str, cut: str, *, labels: tuple[str, ...], channels: int) -> ExpressionClassifier:
    """The network of a run that teaches a fold; raises WeightsError where it is none, or knows other labels or channels."""
    weights = read_weights(weights_file(Path(run), fold, cut))
    teacher = stored_classifier(weights)
    known, takes = tuple(weights.described["labels"]), teacher.backbone.spec.channels
    if known != labels:
        raise WeightsError(
            f"loss.teacher: {weights.path} knows {', '.join(known)}, expected the labels of this run, {', '.join(labels)}"
        )
    if takes != channels:
        raise WeightsError(f"loss.teacher: {weights.path} takes {takes} channels, expected {channels} as the network it teaches")
    return teacher
