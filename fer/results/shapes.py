"""This file says what the JSON files of a run hold, as far as anything here reads them, and refuses what is no such file."""

from collections.abc import Iterator, Mapping
from typing import Any

from fer.build import ALLOWED
from fer.results.json_values import refuse

NUMBER, COUNT, TEXT, OBJECT = (int, float), (int,), (str,), (dict,)

#: The values of an object by key, ? behind one that may be missing, ?? also null, * for all; (types) that a value may be of.
Shape = Mapping[str, Any] | tuple[type, ...]

CARD: Shape = {
    "seconds?": NUMBER,
    "parameters??": COUNT,
    "train_images??": COUNT,
    "selection??": {
        "monitor?": TEXT,
        "rule?": TEXT,
        "epoch??": COUNT,
        "epochs??": COUNT,
        "value??": NUMBER,
    },
    "input?": {"size": COUNT, "channels": COUNT},
    "model?": OBJECT,
    "pictures?": {"*": TEXT},
    "members?": (list,),
    "evaluation?": OBJECT,
}

CONFIG: Shape = {
    "data?": {"*": OBJECT},
    "labels??": OBJECT,
    **{f"{group}?": OBJECT for group in ("preprocess", "features", "augment", "model", "loss", "optim", "trainer", "protocol")},
    "content?": OBJECT,
    "train_images??": COUNT,
    "evaluation?": OBJECT,
    "ensemble?": (list,),
}

PROVENANCE: Shape = {
    "commit??": TEXT,
    "argv??": (list,),
    "versions?": OBJECT,
    "hardware?": OBJECT,
    "roots?": {"*": TEXT},
    "started?": TEXT,
    "repeats?": TEXT,
    "continued?": {"*": {"commit??": TEXT, "argv??": (list,), "versions?": OBJECT, "hardware?": OBJECT, "done": (list,)}},
}

#: What the configuration of a run may name as `_target_`, by group: a folder that somebody else has made names nothing else.
NAMED: Mapping[str, tuple[str, ...]] = {
    "data": ("fer.data.databases.",),
    "labels": ("fer.labels.",),
    "preprocess": ("fer.data.preprocessing.",),
    "features": ("fer.models.",),
    "augment": ("fer.data.", "albumentations.", "torchvision.transforms.v2."),
    "model": ("fer.models.",),
    "loss": ("fer.models.losses.",),
    "optim": ("fer.training.", "fer.models.", "torch.optim."),
    "trainer": ("fer.training.settings.",),
    "protocol": ("fer.protocols.",),
}


def require_shape(found: Any, shape: Shape, place: str = "") -> None:
    """Raise TypeError where something is not of this shape; `place` is how messages call it."""
    if isinstance(shape, tuple):
        if not isinstance(found, shape) or (isinstance(found, bool) and bool not in shape):
            refuse(found, f"{' or '.join(kind.__name__ for kind in shape)} in {place}")
        return
    if not isinstance(found, dict):
        refuse(found, f"an object in {place or 'it'}")
    for key, of in shape.items():
        name = key.rstrip("?")
        if key == "*":
            for each, value in found.items():
                require_shape(value, of, f"{place}.{each}".lstrip("."))
        elif key.endswith("??") and found.get(name) is None:
            continue
        elif name in found:
            require_shape(found[name], of, f"{place}.{name}".lstrip("."))
        elif name == key:
            raise TypeError(f"found no {name} in {place or 'it'}")


def require_known_targets(config: Mapping[str, Any]) -> None:
    """Raise TypeError for a `_target_` that no configuration of its group has, before anything is made of it.

    Names of other packages pass: a run may be read without them, and only FER_PLUGINS lets anything be built of them.
    """
    for group, value in config.items():
        known = NAMED.get(group, ())
        for target in targets_below(value):
            if not isinstance(target, str) or (target.startswith(ALLOWED) and not target.startswith(known)):
                expected = f"one that begins with {' or '.join(known)}" if known else "none"
                refuse(target, f"{expected} as _target_ in {group}")


def targets_below(value: Any) -> Iterator[Any]:
    """Every `_target_` at any depth."""
    if isinstance(value, dict):
        if "_target_" in value:
            yield value["_target_"]
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from targets_below(each)
