"""This file tests that settings which are each valid, and together have no effect or another one, are refused."""

import pytest
from composing import composed

from fer.training.learners import learner_mistakes

FROM_A_RUN = "model.weights=run"
PROBE = ["model=logistic_regression", "features=network"]


@pytest.mark.parametrize(
    ("overrides", "mistake"),
    [
        (
            ["model=dbn", "model.unlabelled=true"],
            "model.unlabelled: found true, but no label is withheld. Pass train_images=N, or model.unlabelled=false",
        ),
        (
            ["model=dbn", "model.unlabelled=true", "model.pretrain=false", "train_images=100"],
            "model.unlabelled: found true, but nothing is pre-trained. Pass model.pretrain=true, or model.unlabelled=false",
        ),
        (
            ["model=cnn", "optim=finetune"],
            "optim.finetune: CompactCnn starts from random weights, so that there is nothing to fine-tune. "
            "Pass model.weights=RUN, or optim.finetune=null",
        ),
        (
            ["model=resnet", "model.pretrained=false", "optim=finetune"],
            "optim.finetune: TimmBackbone starts from random weights, so that there is nothing to fine-tune. "
            "Pass model.weights=RUN, model.pretrained=true, or optim.finetune=null",
        ),
        (
            ["model=dbn", "model.pretrain=false", "optim=finetune"],
            "optim.finetune: DeepBeliefNetwork starts from random weights, so that there is nothing to fine-tune. "
            "Pass model.weights=RUN, model.pretrain=true, or optim.finetune=null",
        ),
        (
            ["model=cnn", FROM_A_RUN, "optim=finetune", "optim.finetune.frozen=5", "trainer.epochs=5"],
            "optim.finetune.frozen: found 5 of trainer.epochs=5, so that only the head ever learns. "
            "Pass fewer, or optim.finetune.frozen=null for a linear probe",
        ),
        (
            [*PROBE, "model@features.network=cnn"],
            "features.network: CompactCnn has random weights, whose features nobody has learned. "
            "Pass features.network.weights=RUN",
        ),
        (
            [*PROBE, "model@features.network=resnet", "features.network.pretrained=false"],
            "features.network: TimmBackbone has random weights, whose features nobody has learned. "
            "Pass features.network.weights=RUN, or features.network.pretrained=true",
        ),
        (
            [*PROBE, "model@features.network=dbn"],
            "features.network: DeepBeliefNetwork has random weights, whose features nobody has learned. "
            "Pass features.network.weights=RUN",
        ),
        (
            ["model=cnn", "loss=distillation"],
            "loss.teacher: found null, expected the run of a network with the same labels and protocol",
        ),
        (
            ["model=cnn", "trainer.sampling=balanced", "loss.class_weights=balanced"],
            "trainer.sampling: found balanced, and loss.class_weights=balanced, which together make rare labels count twice. "
            "Pass trainer.sampling=natural, or loss.class_weights=null",
        ),
        (
            ["model=cnn", "trainer.sampling=balanced", "loss.class_weights=effective"],
            "trainer.sampling: found balanced, and loss.class_weights=effective, which together make rare labels count twice. "
            "Pass trainer.sampling=natural, or loss.class_weights=null",
        ),
    ],
)
def test_settings_that_contradict_one_another_are_named(overrides: list[str], mistake: str) -> None:
    assert learner_mistakes(composed(*overrides)) == [mistake]


@pytest.mark.parametrize(
    "overrides",
    [
        ["model=dbn", "model.unlabelled=true", "train_images=100"],
        ["model=dbn", "optim=finetune"],  # what it has pre-trained is fine-tuned
        ["model=cnn", FROM_A_RUN, "optim=finetune"],
        ["model=cnn", FROM_A_RUN, "optim=finetune", "optim.finetune.frozen=null"],
        ["model=resnet", "optim=finetune"],
        ["model=resnet", "model.pretrained=false"],
        [*PROBE, "model@features.network=resnet"],
        [*PROBE, "model@features.network=cnn", "features.network.weights=run"],
        ["model=cnn", "trainer.sampling=balanced"],
        ["model=cnn", "loss.class_weights=balanced"],
    ],
)
def test_settings_that_go_together_are_taken(overrides: list[str]) -> None:
    assert learner_mistakes(composed(*overrides)) == []
