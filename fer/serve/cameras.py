"""This file remembers, for every camera, where its faces were a moment ago, and nothing else of its pictures."""

from collections import OrderedDict

from fer.deploy.predictor import Predictor

#: Cameras that are remembered; of more than these the ones that were silent longest begin anew.
CAMERAS = 256


class Cameras:
    """A predictor a camera; all use one network."""

    def __init__(self, predictor: Predictor) -> None:
        self.predictor = predictor
        self.known: OrderedDict[str, Predictor] = OrderedDict()

    def of(self, name: str) -> Predictor:
        """The predictor of the camera with this name."""
        found = self.known.pop(name, None) or self.predictor.before_camera()
        self.known[name] = found
        if len(self.known) > CAMERAS:
            self.known.popitem(last=False)
        return found
