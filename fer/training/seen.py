"""This file records what a fold's weights have seen, so that whatever starts from them later can be held to it."""

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from fer.data.cohort import Cohort
from fer.errors import WeightsError
from fer.files import METADATA, replacing
from fer.protocols.base import Fold, database_of

SEEN = "seen.npz"

#: The arrays of the file, with numpy's letter for the kind of their values.
KINDS = {"ids": "U", "people": "U", "copies": "u"}


@dataclass(frozen=True)
class Seen:
    """The images that weights were trained or chosen on, those that they started from included.

    `ids` and `people` ("database/subject") are names, `copies` the digests of the images and of their mirror images.
    """

    ids: frozenset[str] = frozenset()
    people: frozenset[str] = frozenset()
    copies: frozenset[int] = frozenset()

    @classmethod
    def by(cls, fold: Fold, cohort: Cohort, starts: Iterable["Seen"]) -> "Seen":
        """What the weights of a fold have seen: its training and validation parts, labelled or not, and what its start saw."""
        ids = (*fold.train, *fold.unlabelled, *fold.val)
        own = cls(
            frozenset(ids),
            frozenset(found for i in ids if (found := person(cohort, i)) is not None),
            frozenset(cohort.copies[cohort.positions(ids)].ravel().tolist()),
        )
        seen = (own, *starts)
        return cls(*(frozenset().union(*(getattr(part, name) for part in seen)) for name in KINDS))

    def known_among(self, ids: Sequence[str], cohort: Cohort) -> list[str]:
        """Those of the images that were seen, or of which a copy or the person was."""
        image = cohort.copies[cohort.positions(ids), 0].tolist()
        return [
            i
            for i, digest in zip(ids, image, strict=True)
            if i in self.ids or digest in self.copies or person(cohort, i) in self.people
        ]

    def met_among(self, cohort: Cohort) -> list[str]:
        """The images of a cohort that were seen, or whose person was; copies of them are told by `copied_among`."""
        return [r.id for r in cohort.records if r.id in self.ids or person(cohort, r.id) in self.people]

    def copied_among(self, cohort: Cohort) -> frozenset[str]:
        """The images of a cohort of which an exact or mirrored copy was seen."""
        digests = cohort.copies[:, 0].tolist()
        return frozenset(r.id for r, digest in zip(cohort.records, digests, strict=True) if digest in self.copies)

    def write(self, folder: Path) -> None:
        """Write it into the folder of a fold."""
        with replacing(folder / SEEN) as beside, beside.open("wb") as file:
            np.savez_compressed(
                file,
                ids=np.array(sorted(self.ids), np.str_),
                people=np.array(sorted(self.people), np.str_),
                copies=np.array(sorted(self.copies), np.uint64),
            )

    @classmethod
    def beside(cls, weights: Path) -> "Seen":
        """What weights have seen, by the record beside them; nothing known of a file that lies in no run.

        Raises WeightsError where this project wrote the weights, and the record is not beside them.
        """
        record = weights.parent / SEEN
        if not record.is_file():
            if is_own(weights) or (weights.parent.parent.parent / "folds.json").is_file():
                raise WeightsError(
                    f"{weights.parent} has no {SEEN}, which says what {weights.name} was trained on. Put it there from the fold "
                    f"that the weights are from; where an older version of ferlab left none, train the run again."
                )
            return cls()
        try:
            with np.load(record, allow_pickle=False) as stored:
                return cls(*(known(stored[name], kind) for name, kind in KINDS.items()))
        except (OSError, ValueError, KeyError, EOFError, BadZipFile, zlib.error) as error:
            raise WeightsError(
                f"{record} is damaged ({error}). Put it there from the fold that the weights are from, or train the run again."
            ) from None


def known(values: NDArray[Any], kind: str) -> frozenset[Any]:
    """The values of an array, which is a list of this kind of numpy's; ValueError for any other."""
    if values.ndim != 1 or values.dtype.kind != kind:
        raise ValueError(f"found {values.dtype} in shape {values.shape}")
    return frozenset(values.tolist())


def is_own(weights: Path) -> bool:
    """Whether a training of this project wrote the file."""
    try:
        with safe_open(weights, framework="np") as file:
            return METADATA in (file.metadata() or {})
    except (SafetensorError, OSError):  # no safetensors file; reading it says so later
        return False


def person(cohort: Cohort, image: str) -> str | None:
    """The person in an image of the cohort, by database and subject; None where nobody is identified."""
    record = cohort.records[cohort.position_of[image]]
    return f"{database_of(record)}/{record.subject}" if record.subject is not None else None
