"""This file looks at the pictures that wait, in a thread of its own: several at a time, and nobody waits long for others."""

import time
from collections.abc import Iterator
from threading import Thread

from fer.deploy.pictures import picture_from
from fer.deploy.predictor import Predictor, Waiting
from fer.serve.cameras import Cameras
from fer.serve.turns import Request, Turns

#: A batch ends when it has so many pictures, or has taken so many seconds: what came meanwhile waits no longer than that.
PICTURES, SECONDS = 32, 0.05


class Looking:
    """Answers the requests of `turns`. Faces of several pictures go through the network together."""

    def __init__(self, predictor: Predictor, turns: Turns) -> None:
        self.predictor, self.turns = predictor, turns
        self.cameras = Cameras(predictor)
        self.answered = 0
        self.thread = Thread(target=self.work, name="looking", daemon=True)

    def start(self) -> None:
        """Begin."""
        self.thread.start()

    def stop(self) -> None:
        """Answer what waits, and end."""
        self.turns.close()
        self.thread.join()

    def work(self) -> None:
        """Look at one batch after the other until there will be no more."""
        while first := self.turns.take():
            self.look(first)

    def look(self, first: Request) -> None:
        """Answer a batch; what goes wrong is for those who asked, as with any executor."""
        taken: list[Request] = []
        waiting = Waiting()
        try:
            for request in self.batch(first):
                if request.answer.set_running_or_notify_cancel():
                    taken.append(request)
                    self.cut(request, waiting)
            for request, (_, prediction) in zip(taken, self.predictor.read(waiting), strict=True):
                request.answer.set_result(prediction)
        except Exception as error:
            for request in taken:
                if not request.answer.done():
                    request.answer.set_exception(error)
        self.answered += len(taken)

    def cut(self, request: Request, waiting: Waiting) -> None:
        """Find the faces of a request's picture."""
        began = time.monotonic()
        predictor = self.cameras.of(request.visitor) if request.camera else self.predictor
        predictor.cut(picture_from(request.name, request.content), waiting)
        self.turns.took(request, time.monotonic() - began)

    def batch(self, first: Request) -> Iterator[Request]:
        """The first request, and those that wait for as long as there is time."""
        end = time.monotonic() + SECONDS
        yield first
        for _ in range(PICTURES - 1):
            following = self.turns.take(patience=0) if time.monotonic() < end else None
            if following is None:
                return
            yield following
