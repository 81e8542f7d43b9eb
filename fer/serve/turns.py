"""This file keeps what waits to be looked at, so that visitors take turns, however much one of them sends."""

from collections import OrderedDict, deque
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Condition

from fer.deploy.predictor import Prediction


class Overtaken(Exception):
    """A newer picture of the same camera came before this one was looked at."""


@dataclass(frozen=True, eq=False)
class Request:
    """A picture of a visitor that waits; of one who is a camera the newest picture counts."""

    visitor: str
    name: str
    content: bytes
    camera: bool = False
    answer: "Future[Prediction]" = field(default_factory=Future)


class Turns:
    """Requests by visitor. Whoever was given least time is next; a camera has one that waits, which a newer one replaces.

    A visitor begins, and goes on after a pause, with as much time as the one who was taken last, so that nobody saves up.
    """

    def __init__(self) -> None:
        self.waiting: OrderedDict[str, deque[Request]] = OrderedDict()
        self.seconds: dict[str, float] = {}
        self.least = 0.0
        self.changed = Condition()
        self.closed = False

    def put(self, request: Request) -> None:
        """Let a request wait."""
        visitor = request.visitor
        with self.changed:
            own = self.waiting.setdefault(visitor, deque())
            while request.camera and own:
                older = own.popleft()
                if older.answer.set_running_or_notify_cancel():
                    older.answer.set_exception(Overtaken())
            own.append(request)
            self.seconds[visitor] = max(self.seconds.get(visitor, 0.0), self.least)
            self.changed.notify()

    def take(self, *, patience: float | None = None) -> Request | None:
        """The next request, waiting `patience` seconds for one, or until there is one; None where there is none."""
        with self.changed:
            self.changed.wait_for(lambda: self.waiting or self.closed, patience)
            if not self.waiting:
                return None
            visitor = min(self.waiting, key=self.seconds.__getitem__)
            self.least = self.seconds[visitor]
            own = self.waiting.pop(visitor)
            taken = own.popleft()
            if own:
                self.waiting[visitor] = own  # behind all who had as much time
            return taken

    def took(self, request: Request, seconds: float) -> None:
        """Say how long it took to look at what was taken."""
        with self.changed:
            self.seconds[request.visitor] += seconds
            self.seconds = {name: time for name, time in self.seconds.items() if name in self.waiting or time > self.least}

    def close(self) -> None:
        """Say that nothing comes any more; what waits is still taken."""
        with self.changed:
            self.closed = True
            self.changed.notify_all()

    def __len__(self) -> int:
        return sum(map(len, self.waiting.values()))
