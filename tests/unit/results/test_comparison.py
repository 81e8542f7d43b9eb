"""This file tests the comparison of runs: what is paired, what is refused, which test is used, and what is said."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_up_run import made_up_folds, made_up_predictions, write_run
from rich.console import Console

from fer.errors import RunError
from fer.results.comparison import Comparisons, compare, comparisons_json
from fer.results.comparison_table import print_comparisons
from fer.results.comparison_words import sentence, sentences
from fer.results.paired import holm
from fer.results.predictions import Predictions, concatenate
from fer.results.stored_run import read_run
from fer.results.systems import facing, pool

Write = Callable[..., Path]


def worse(predictions: Predictions, share: float, *, seed: int = 0) -> Predictions:
    """The same images, with another answer to this share of them; few of the others are right."""
    probabilities = predictions.probabilities.copy()
    rows = np.random.default_rng(seed).random(len(predictions)) < share
    probabilities[rows] = np.roll(probabilities[rows], 1, axis=1)
    return replace(predictions, probabilities=probabilities)


def all_worse(folds: Sequence[Predictions], share: float, *, seed: int = 0) -> list[Predictions]:
    return [worse(fold, share, seed=100 * seed + i) for i, fold in enumerate(folds)]


def compared(*paths: Path, **options: Any) -> Comparisons:
    return compare(pool([read_run(path) for path in paths]), **options)


def edit_plan(path: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    plan = json.loads((path / "folds.json").read_text())
    change(plan)
    (path / "folds.json").write_text(json.dumps(plan))
    return path


@pytest.fixture
def folds() -> list[Predictions]:
    return made_up_folds(3, n=100, subjects=10)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_named(name: str, folds: Sequence[Predictions], **options: Any) -> Path:
        return write_run(tmp_path / name, folds, **{"model": name, **options})

    return write_named


def test_the_better_of_two_runs_is_named_with_difference_interval_people_and_p(write: Write, folds: list[Predictions]) -> None:
    found = compared(write("a", all_worse(folds, 0.3)), write("b", folds))
    (said,) = sentences(found)
    assert said.startswith("B is better than A on synthetic by ")
    scores, people = found.shown[0].scores.accuracy, found.shown[0].people
    assert f"{-100 * scores.value:.1f} points of accuracy [{-100 * scores.high:.1f}, {-100 * scores.low:.1f}]" in said  # type: ignore[operator]
    assert f"({people} people, exact sign-flip permutation test, p < 0.0001)" in said


def test_undecided_is_said_with_what_may_be_and_never_as_equality(write: Write, folds: list[Predictions]) -> None:
    found = compared(write("a", all_worse(folds, 0.05, seed=4)), write("b", all_worse(folds, 0.05, seed=5)))
    (said,) = sentences(found)
    assert not found.shown[0].decided
    assert "the data do not tell A and B apart: the difference A − B may lie anywhere from −" in said
    assert not {"equal", "same", "equivalent", "no difference"} & set(said.split())


def test_the_order_of_rows_and_folds_and_the_cut_into_folds_do_not_matter(write: Write, folds: list[Predictions]) -> None:
    other = all_worse(folds, 0.2)
    whole = concatenate(other)
    shuffled = whole.select(np.random.default_rng(0).permutation(len(whole)))
    recut = replace(shuffled, fold=np.full(len(whole), "00"))
    as_before = compared(write("a", folds), write("b", other)).shown[0]
    cut_anew = compared(write("a", folds), write("c", [recut])).shown[0]
    assert (as_before.recut, cut_anew.recut) == (False, True)
    assert (as_before.scores, as_before.p) == (cut_anew.scores, cut_anew.p)


def test_labels_in_another_order_are_the_same_labels(write: Write, folds: list[Predictions]) -> None:
    other = all_worse(folds, 0.2)
    order = [3, 1, 6, 0, 2, 5, 4]
    turned = [
        replace(
            fold,
            labels=tuple(fold.labels[i] for i in order),
            target=np.argsort(order)[fold.target],
            probabilities=fold.probabilities[:, order],
        )
        for fold in other
    ]
    plain, reordered = (compared(write("a", folds), write(n, f)).shown[0] for n, f in (("b", other), ("c", turned)))
    assert plain.scores == reordered.scores


def refused(*paths: Path) -> str:
    with pytest.raises(RunError) as error:
        compared(*paths)
    return str(error.value)


def test_other_images_are_refused_with_their_number(write: Write, folds: list[Predictions]) -> None:
    said = refused(write("a", folds), write("b", [folds[0], folds[1].select(np.arange(60))]))
    assert "140 of 300 are missing in B, 0 of 160 in A, such as synthetic/01060" in said


def test_an_unfinished_run_is_refused_with_what_to_do(write: Write, folds: list[Predictions]) -> None:
    said = refused(write("a", folds), write("b", folds, done=2))
    assert "100 of 300 are missing in B" in said
    assert "B: 2 of 3 folds are done: give the training command again" in said
    assert "has no predictions on test set 'synthetic' yet, 0 of 3" in refused(write("c", folds), write("d", folds, done=0))


def test_unfinished_runs_that_have_tested_the_same_images_are_compared_and_marked(write: Write, folds: list[Predictions]) -> None:
    found = compared(write("a", folds, done=2), write("b", all_worse(folds, 0.2), done=2))
    assert found.shown[0].images == 200
    assert "INCOMPLETE, 2 of 3 folds" in printed(found)


def test_other_labels_are_refused(write: Write, folds: list[Predictions]) -> None:
    six = [fold.restrict(fold.labels[:6]) for fold in folds]
    assert "do not have the same labels: found anger" in refused(write("a", folds), write("b", six))


def test_other_targets_are_refused_with_an_example(write: Write, folds: list[Predictions]) -> None:
    target = folds[0].target.copy()
    target[4] = (target[4] + 1) % 7
    said = refused(write("a", folds), write("b", [replace(folds[0], target=target), *folds[1:]]))
    assert "do not have the same target for 1 of 300 images" in said
    assert "synthetic/00004 has" in said


def test_other_people_are_refused(write: Write, folds: list[Predictions]) -> None:
    unknown = [replace(fold, subject=np.full(len(fold), "")) for fold in folds]
    assert "do not have the same person for 300 of 300 images" in refused(write("a", folds), write("b", unknown))


def test_runs_without_a_common_test_set_are_refused(write: Write) -> None:
    said = refused(write("a", [made_up_predictions(test_set="private")]), write("b", [made_up_predictions(test_set="jaffe")]))
    assert "no test set in common: found private and jaffe" in said


def test_test_sets_that_only_one_run_has_are_left_out_and_named(write: Write) -> None:
    private = made_up_predictions(100, test_set="private")
    clean = made_up_predictions(50, test_set="private_clean")
    both = concatenate([private, clean])
    found = compared(write("a", [both]), write("b", [private]))
    assert [comparison.test.name for comparison in found.shown] == ["private"]
    assert "private_clean of A, which nothing" in printed(found)


def test_runs_that_differ_in_the_seed_alone_are_one_system(write: Write, folds: list[Predictions]) -> None:
    seeds = [write(f"cnn{seed}", all_worse(folds, 0.1, seed=seed), model="cnn", seed=seed) for seed in (0, 1)]
    found = compared(*seeds, write("resnet", folds))
    assert [system.seeds for system in found.systems] == [(0, 1), (0,)]
    each = [np.mean(np.concatenate([fold.target == fold.predicted for fold in all_worse(folds, 0.1, seed=s)])) for s in (0, 1)]
    assert found.shown[0].by_seed[0] == pytest.approx(each)
    assert found.shown[0].scores.accuracy.a == pytest.approx(np.mean(each))
    assert "seeds 0, 1 (2 runs taken together)" in printed(found)


def several_seeds(path: Path) -> Path:
    """Make the folds of a run trainings of one fold with seed 0, 1, …"""

    def number(plan: dict[str, Any]) -> None:
        for seed, fold in enumerate(plan["folds"]):
            fold["seed"] = seed

    return edit_plan(path, number)


def test_one_run_of_several_seeds_is_what_several_runs_of_one_are(write: Write) -> None:
    first = made_up_predictions(200, subjects=20)
    second = worse(first, 0.2)
    together = several_seeds(write("many", [first, replace(second, fold=np.full(200, "01"))]))
    apart = [write(f"cnn{seed}", [rows], model="cnn", seed=seed) for seed, rows in enumerate((first, second))]
    other = write("resnet", [worse(first, 0.3, seed=5)])
    one, several = compared(together, other).shown[0], compared(*apart, other).shown[0]
    assert (one.scores, one.p, one.by_seed) == (several.scores, several.p, several.by_seed)


def test_a_seed_that_has_not_tested_all_images_is_refused(write: Write) -> None:
    first = made_up_predictions(200, subjects=20)
    unfinished = several_seeds(write("many", [first, replace(first, fold=np.full(200, "01"))], done=1))
    assert "not every seed (0, 1) has tested the same images" in refused(unfinished, write("b", [first]))


def test_the_same_experiment_with_the_same_seed_is_refused_unless_set_against_each_other(
    write: Write, folds: list[Predictions]
) -> None:
    one, again = write("one", folds, model="cnn"), write("again", all_worse(folds, 0.3), model="cnn")
    assert "the same experiment with the same seed 0" in refused(one, again)
    assert "the same experiment with the same seed 0" in refused(one, one)
    found = compare(facing([read_run(one)], [read_run(again)]))
    assert sentences(found)[0].startswith("A is better than B")


def test_one_experiment_has_nothing_to_be_compared_with(write: Write, folds: list[Predictions]) -> None:
    runs = [write(f"cnn{seed}", folds, model="cnn", seed=seed) for seed in (0, 1)]
    assert "found one experiment (seed 0, 1)" in refused(*runs)


def test_a_side_is_one_experiment_and_a_run_stands_on_one_side(write: Write, folds: list[Predictions]) -> None:
    cnn, resnet = (read_run(write(name, folds)) for name in ("cnn", "resnet"))
    with pytest.raises(RunError, match="resnet and cnn stand on one side but differ in model"):
        facing([cnn, resnet], [cnn])
    with pytest.raises(RunError, match="cnn stands on both sides"):
        facing([cnn], [cnn])


@pytest.mark.parametrize(
    ("subjects", "seeds", "name"),
    [
        (20, 1, "exact sign-flip permutation test"),
        (0, 1, "exact McNemar test"),
        (0, 2, "exact sign-flip permutation test"),
    ],
)
def test_people_and_seeds_decide_the_test(write: Write, subjects: int, seeds: int, name: str) -> None:
    rows = made_up_predictions(150, subjects=subjects)
    cnn = [write(f"cnn{s}", [worse(rows, 0.1, seed=s)], model="cnn", seed=s) for s in range(seeds)]
    found = compared(*cnn, write("resnet", [rows])).shown[0].paired
    assert (found.name, found.kind) == (name, "people" if subjects else "images")


def test_wilcoxon_is_used_where_it_is_asked_for(write: Write, folds: list[Predictions]) -> None:
    a, b = write("a", folds), write("b", all_worse(folds, 0.1))
    ranked, default = compared(a, b, method="wilcoxon").shown[0], compared(a, b).shown[0]
    assert ranked.paired.name == "exact Wilcoxon signed-rank test"
    assert ranked.p != default.p
    assert ranked.scores == default.scores


def test_all_pairs_and_test_sets_are_corrected_together(write: Write) -> None:
    rows = concatenate([made_up_predictions(200, test_set=name) for name in ("private", "public")])
    found = compared(*(write(f"m{i}", [worse(rows, 0.04 * i, seed=i)]) for i in range(3)))
    assert [(c.a.letter + c.b.letter, c.test.name) for c in found.shown] == [
        (pair, test) for pair in ("AB", "AC", "BC") for test in ("private", "public")
    ]
    assert [c.p for c in found.shown] == holm([c.paired.p for c in found.shown])
    assert "after Holm" in sentences(found)[0]


def test_with_a_baseline_every_other_run_is_compared_with_it_alone(write: Write, folds: list[Predictions]) -> None:
    systems = pool([read_run(write(f"m{i}", all_worse(folds, 0.1 * i))) for i in range(4)])
    found = compare(systems, baseline=systems[0])
    assert [c.a.letter + c.b.letter for c in found.shown] == ["BA", "CA", "DA"]
    assert "corrected for all 3 comparisons" in printed(found).replace("\n", " ")


def test_leaky_runs_are_marked_wherever_they_are_shown(write: Write, folds: list[Predictions]) -> None:
    found = compared(write("a", folds, leaky=True), write("b", all_worse(folds, 0.3)))
    said = sentences(found)[0]
    assert said.startswith("A (LEAKY) is better than B")
    assert "LEAKY: training knew something of the test images" in said
    assert printed(found).count("LEAKY") == 4  # beside the letter, in the table, and twice in the sentence
    described = comparisons_json(found, [said])
    assert (described["systems"]["A"]["leaky"], described["comparisons"][0]["leaky"]) == (True, True)


def test_few_people_are_said_to_allow_no_small_p(write: Write) -> None:
    rows = made_up_predictions(80, subjects=4)
    (said,) = sentences(compared(write("a", [rows]), write("b", [worse(rows, 0.5)])))
    assert "the data do not tell A and B apart" in said
    assert "differ on only 4 people: the smallest p that this can give is 0.12" in said


def test_one_person_tells_nothing_of_others(write: Write) -> None:
    rows = made_up_predictions(80, subjects=1)
    (said,) = sentences(compared(write("a", [rows]), write("b", [worse(rows, 0.5)])))
    assert "one person was tested, for whom A − B is +" in said
    assert "(1 person, exact sign-flip permutation test, p = 1.000)" in said


def test_runs_that_are_right_on_the_same_images_are_not_called_equal(write: Write, folds: list[Predictions]) -> None:
    (said,) = sentences(compared(write("a", folds), write("b", folds)))
    assert "may lie anywhere from −" in said
    assert "differ on no people" in said


def test_a_result_that_only_holm_undoes_is_explained(write: Write, folds: list[Predictions]) -> None:
    (alone,) = compared(write("a", folds), write("b", all_worse(folds, 0.3))).shown
    assert alone.scores.accuracy.leaves_zero_out
    said = sentence(replace(alone, p=0.06), of=12)
    assert "do not tell A and B apart" in said
    assert "The interval leaves 0 out, but is one of 12" in said


def test_a_test_and_an_interval_that_disagree_are_called_weak_evidence(write: Write, folds: list[Predictions]) -> None:
    (alone,) = compared(write("a", folds), write("b", all_worse(folds, 0.3))).shown
    wide = replace(alone.scores, accuracy=replace(alone.scores.accuracy, low=-0.01))
    assert "do not agree on whether 0 is possible" in sentence(replace(alone, scores=wide), of=1)
    assert "do not agree" not in sentence(alone, of=1)


def test_ranks_that_favour_the_other_system_do_not_decide(write: Write, folds: list[Predictions]) -> None:
    (alone,) = compared(write("a", folds), write("b", all_worse(folds, 0.3)), method="wilcoxon").shown
    contrary = replace(alone, paired=replace(alone.paired, favours=-1))
    assert "do not tell A and B apart" in sentence(contrary, of=1)
    assert "The ranks favour B, the accuracy does not." in sentence(contrary, of=1)


def printed(found: Comparisons, width: int = 80) -> str:
    console = Console(file=StringIO(), width=width)
    print_comparisons(found, console)
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def test_the_table_fits_into_80_columns(write: Write) -> None:
    rows = made_up_predictions(60, subjects=6, test_set="private_clean")
    shown = printed(compared(write("a", [rows]), write("b", [worse(rows, 0.9)]), write("c", [worse(rows, 0.8)])))
    assert max(map(len, shown.splitlines())) <= 80
    assert "…\n" not in shown  # nothing is cut off
    assert "p is corrected for all 3" in shown


def test_chance_of_training_is_said_to_be_left_out(write: Write, folds: list[Predictions]) -> None:
    shown = " ".join(printed(compared(write("a", folds), write("b", all_worse(folds, 0.1)))).split())
    assert "A, B trained once: no test or interval here covers the chance of training" in shown


def test_the_json_has_every_number_without_nan(write: Write, folds: list[Predictions]) -> None:
    found = compared(write("a", folds), write("b", all_worse(folds, 0.3)))
    text = json.dumps(comparisons_json(found, sentences(found)), allow_nan=False)
    comparison = json.loads(text)["comparisons"][0]
    assert comparison["accuracy"]["difference"] == pytest.approx(comparison["accuracy"]["a"] - comparison["accuracy"]["b"])
    assert comparison["test"]["p_holm"] == comparison["test"]["p"]
    assert (comparison["a"], comparison["b"], comparison["test"]["unit"]) == ("A", "B", "people")
