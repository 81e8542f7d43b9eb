"""This file proves, before a fold trains, that no person, sequence or copied image stands in two of its parts."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from fer.data.cohort import Cohort
from fer.errors import LeakError
from fer.protocols.base import EvaluationProtocol, Fold, database_of

#: How many names a message gives before it only counts.
NAMED = 5


@dataclass(frozen=True)
class Leak:
    """One kind of leak between two parts of a fold: who or what is shared, and the images of the second part it touches."""

    kind: str  # "subject", "group", "exact copy", "mirrored copy"
    parts: tuple[str, str]
    names: tuple[str, ...]
    ids: tuple[str, ...]

    def __str__(self) -> str:
        named = ", ".join(self.names[:NAMED]) + (f" and {len(self.names) - NAMED} more" if len(self.names) > NAMED else "")
        images = f"{len(self.ids)} image{'s' if len(self.ids) != 1 else ''}"
        if self.kind in ("subject", "group"):
            return f"{self.kind} {named} is in {self.parts[0]} and in {self.parts[1]} ({images})"
        return f"{self.parts[1]} has {images} with a{'n' if self.kind[0] == 'e' else ''} {self.kind} in {self.parts[0]}: {named}"


def find_leaks(fold: Fold, cohort: Cohort, disjoint: Sequence[str]) -> list[Leak]:
    """Every leak between training, validation and test parts; test sets may share images with one another."""
    positions = {name: cohort.positions(ids) for name, ids in fold.parts.items()}
    codes = {field: field_codes(cohort, field) for field in disjoint}
    leaks: list[Leak] = []
    for first, second in combinations(fold.parts, 2):
        if first.startswith("test"):
            continue
        a, b = positions[first], positions[second]
        for field, code in codes.items():
            leaks += shared_field(cohort, field, code, (first, second), a, b)
        leaks += shared_images(cohort, (first, second), a, b)
    return leaks


def field_codes(cohort: Cohort, field: str) -> NDArray[np.int64]:
    """A number for each record's subject or group, (N,); people of two databases are different people; -1 for none."""
    numbers: dict[tuple[str, str], int] = {}
    values = ((database_of(record), getattr(record, field)) for record in cohort.records)
    return np.fromiter((-1 if v is None else numbers.setdefault((d, v), len(numbers)) for d, v in values), np.int64)


def shared_field(
    cohort: Cohort, field: str, code: NDArray[np.int64], parts: tuple[str, str], a: NDArray[np.int64], b: NDArray[np.int64]
) -> list[Leak]:
    """The leak of people or sequences between two parts, if there is one."""
    touched = b[np.isin(code[b], code[a]) & (code[b] >= 0)]
    if not len(touched):
        return []
    names = sorted({str(getattr(cohort.records[i], field)) for i in touched})
    return [Leak(field, parts, tuple(names), ids_at(cohort, touched))]


def shared_images(cohort: Cohort, parts: tuple[str, str], a: NDArray[np.int64], b: NDArray[np.int64]) -> list[Leak]:
    """The leaks of exact and of mirrored copies between two parts; an image that is both counts as exact."""
    image, mirror = cohort.copies[:, 0], cohort.copies[:, 1]
    exact = np.isin(image[b], image[a])
    mirrored = np.isin(image[b], mirror[a]) & ~exact
    leaks = []
    for kind, found, original in (("exact copy", b[exact], image), ("mirrored copy", b[mirrored], mirror)):
        if len(found):
            sources = dict(zip(original[a].tolist(), a.tolist(), strict=True))
            pairs = ((cohort.records[sources[image[i].item()]].id, cohort.records[i].id) for i in found[: NAMED + 1])
            names = [f"{here} = {there}" for here, there in pairs]
            names += [cohort.records[i].id for i in found[NAMED + 1 :]]
            leaks.append(Leak(kind, parts, tuple(names), ids_at(cohort, found)))
    return leaks


def ids_at(cohort: Cohort, positions: NDArray[np.int64]) -> tuple[str, ...]:
    """The ids at these positions."""
    return tuple(cohort.records[i].id for i in positions)


def check(folds: Iterable[Fold], cohort: Cohort, protocol: EvaluationProtocol) -> list[tuple[Fold, Mapping[str, int]]]:
    """The folds to run and the leak counts of each, "kind: part → part" to images; LeakError for what the protocol refuses.

    Where the protocol reports copies, every test set that has a copy of a training image gets a `_clean` one beside it, in
    every fold, so that what is pooled over folds is whole.
    """
    checked = [(fold, find_leaks(fold, cohort, protocol.disjoint)) for fold in folds]
    for fold, leaks in checked:
        refuse(fold, leaks, protocol)
    copied = [copied_tests(fold, leaks) if protocol.on_copies == "report" else {} for fold, leaks in checked]
    names = {name for tests in copied for name in tests}
    return [
        (
            with_clean_tests(fold, tests, names),
            {f"{leak.kind}: {leak.parts[0]} → {leak.parts[1]}": len(leak.ids) for leak in leaks},
        )
        for (fold, leaks), tests in zip(checked, copied, strict=True)
    ]


def refuse(fold: Fold, leaks: Sequence[Leak], protocol: EvaluationProtocol) -> None:
    """Raise LeakError with every leak that the protocol does not let through."""
    refused = [leak for leak in leaks if protocol.on_copies == "refuse" or not leak.kind.endswith("copy")]
    if refused and not protocol.leaky:
        raise LeakError(f"fold '{fold.name}': " + "\n    ".join(map(str, refused)))


def copied_tests(fold: Fold, leaks: Sequence[Leak]) -> dict[str, frozenset[str]]:
    """The ids of each test set that have a copy in the training part, for the test sets with such ids.

    A validation part that was cut out of the training part belongs to it: a learner may train on it in the end.
    """
    origins = ("train",) if fold.val_published else ("train", "validation")
    copies = [leak for leak in leaks if leak.kind.endswith("copy") and leak.parts[0] in origins]
    found = {name: {i for leak in copies if leak.parts[1] == f"test {name!r}" for i in leak.ids} for name in fold.tests}
    return {name: frozenset(ids) for name, ids in found.items() if ids}


def with_clean_tests(fold: Fold, copied: Mapping[str, frozenset[str]], names: Collection[str]) -> Fold:
    """The fold with `<test>_clean` beside the test sets of these names, without the images that have a copy in training."""
    tests: dict[str, tuple[str, ...]] = {}
    for name, ids in fold.tests.items():
        tests[name] = ids
        if name in names:
            tests[f"{name}_clean"] = tuple(i for i in ids if i not in copied.get(name, ()))
    return replace(fold, tests=tests)
