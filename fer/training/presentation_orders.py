"""This file lets a fold be trained in several presentation orders of its faces, of which the best on validation is kept.

Lopes et al. (Pattern Recognition 61, 2017) train on the same few faces in another order again, ten times in the code that
they published, and keep the network that did best on validation. Here an order also draws its own augmentation and dropout;
the first weights are the same in all.
"""

import os
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from fer.files import read_json, replacing, write_json
from fer.training.fold import fold_seed
from fer.training.learner import FoldContext
from fer.training.start import WEIGHTS


def presentation_orders(fold: FoldContext, number: int) -> list[FoldContext]:
    """The fold once an order, each with a folder below orders/ and a seed of its own; for one order the fold itself.

    The first order is that of the fold's own seed, so that the training of a single order is among those of several.
    """
    if number == 1:
        return [fold]
    return [
        replace(
            fold,
            name=f"{fold.name}-order{order}",
            folder=fold.folder / "orders" / str(order),
            seed=fold.seed if order == 1 else fold_seed(fold.seed, f"order {order}"),
            log=fold.log.within(f"order{order}"),
        )
        for order in range(1, number + 1)
    ]


def keep_best(orders: Sequence[FoldContext], fold: FoldContext) -> None:
    """Give the fold what its best order left, the first among equals, and the record of all; one order alone has done so.

    The weights come last, because they say that the fold is trained: interrupted before, all of this is done again.
    """
    if len(orders) == 1:
        return
    fits = [read_json(order.folder / "fit.json") for order in orders]
    tried = [{"order": n, **{key: fit["selection"][key] for key in ("epoch", "value")}} for n, fit in enumerate(fits, 1)]
    best = max(range(len(orders)), key=lambda i: tried[i]["value"])
    selection = {**fits[best]["selection"], "order": best + 1, "orders": tried}
    seconds = round(sum(fit["seconds"] for fit in fits), 1)
    write_json(fold.folder / "fit.json", {**fits[best], "selection": selection, "seconds": seconds})
    for curves in orders[best].folder.glob("*.csv"):
        with replacing(fold.folder / curves.name) as beside:
            shutil.copyfile(curves, beside)
    fold.progress.say(f"fold {fold.name}: order {best + 1} of {len(orders)} is kept, {selection['monitor']} {values(tried)}")
    os.replace(orders[best].folder / WEIGHTS, fold.folder / WEIGHTS)


def values(tried: Sequence[dict[str, float]]) -> str:
    """What each order came to on validation."""
    return ", ".join(f"{order['value']:.3f}" for order in tried)


def forget_others(folder: Path) -> None:
    """Delete the weights of the orders that were not kept; their learning curves stay."""
    for name in (WEIGHTS, "fit.json"):
        for left in folder.glob(f"orders/*/{name}"):
            left.unlink()
