import copy

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from fer.errors import ConfigError
from fer.models.classifier import ExpressionClassifier
from fer.models.cnn import CompactCnn
from fer.models.losses.distillation import Distillation

FACES = torch.rand(16, 1, 16, 16, generator=torch.Generator().manual_seed(0))
TARGETS = torch.arange(16) % 3


def network(seed: int) -> ExpressionClassifier:
    torch.manual_seed(seed)
    return ExpressionClassifier(CompactCnn(stem=4, widths=(8,), size=16), 3)


def taught_by(teacher: ExpressionClassifier, **settings: float) -> Distillation:
    loss = Distillation(teacher="RUN", **settings)
    loss.learn_from(teacher)
    return loss


def test_a_student_that_says_what_its_teacher_says_has_nothing_to_learn() -> None:
    teacher = network(1)
    loss = taught_by(teacher, taught=1.0)
    assert loss(teacher.eval().logits, FACES, TARGETS).item() == pytest.approx(0, abs=1e-6)
    assert loss(network(2).logits, FACES, TARGETS).item() > 1e-3


def test_a_student_learns_what_its_teacher_says_and_not_what_the_labels_say() -> None:
    teacher, student = network(1), network(2).eval()
    with torch.no_grad():
        teacher.head.weight.mul_(30)  # so that it is sure of something
    said = teacher.eval().logits(FACES).argmax(1)
    optimizer = torch.optim.Adam(student.parameters(), 0.02)
    loss = taught_by(teacher, taught=1.0)
    for _ in range(100):
        optimizer.zero_grad()
        loss(student.logits, FACES, (said + 1) % 3).backward()
        optimizer.step()
    assert (student.logits(FACES).argmax(1) == said).float().mean() > 0.9


def test_the_two_parts_are_weighed_as_asked_for() -> None:
    teacher, student = network(1), network(2).eval()
    logits, said = student.logits(FACES), teacher.eval().logits(FACES)
    labels = F.cross_entropy(logits, TARGETS)
    softened = F.kl_div((logits / 4).log_softmax(1), (said / 4).softmax(1), reduction="batchmean") * 16
    loss = taught_by(teacher, taught=0.3, temperature=4.0)
    assert loss(student.logits, FACES, TARGETS).item() == pytest.approx((0.3 * softened + 0.7 * labels).item(), rel=1e-5)


def test_the_teacher_sees_smaller_faces_at_its_own_size() -> None:
    sizes: list[int] = []

    class Watched(CompactCnn):
        def features(self, faces: Tensor) -> Tensor:
            sizes.append(faces.shape[-1])
            return super().features(faces)

    taught_by(ExpressionClassifier(Watched(stem=4, widths=(8,), size=16), 3))(network(2).logits, FACES[:, :, :12, :12], TARGETS)
    assert sizes == [16]


def test_the_teacher_says_the_same_without_normalisations_of_its_own() -> None:
    teacher = network(1).eval()
    said = teacher.logits(FACES).detach()
    torch.testing.assert_close(taught_by(teacher).opinion(FACES), said)
    assert not any(isinstance(part, torch.nn.BatchNorm2d) for part in teacher.modules())


def test_the_teacher_is_neither_trained_nor_stored() -> None:
    student = ExpressionClassifier(CompactCnn(stem=4, widths=(8,), size=16), 3, loss=taught_by(network(1)))
    plain = network(1)
    assert len(list(student.parameters())) == len(list(plain.parameters()))
    assert student.state_dict().keys() == plain.state_dict().keys()
    copied = copy.deepcopy(student)  # as for the average of the weights
    assert copied.loss._teacher is student.loss._teacher
    student.train()
    teacher_before = student.loss.opinion(FACES).clone()  # type: ignore[operator, union-attr]
    student.loss(student.logits, FACES, TARGETS).backward()
    torch.testing.assert_close(student.loss.opinion(FACES), teacher_before)  # type: ignore[operator, union-attr]


@pytest.mark.parametrize(("setting", "value"), [("taught", 1.5), ("temperature", 0.0), ("label_smoothing", 1.0)])
def test_an_impossible_setting_of_distillation_is_refused(setting: str, value: float) -> None:
    with pytest.raises(ConfigError, match=f"loss.{setting}: found"):
        Distillation(teacher="RUN", **{setting: value})
