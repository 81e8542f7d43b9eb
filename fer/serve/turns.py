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
    """A picture that waits; `camera` names the one that it is from, of whose pictures the newest counts."""

    name: str
    content: bytes
    camera: str = ""
    answer: "Future[Prediction]" = field(default_factory=Future)


class Turns:
    """Requests by visitor. One is taken from each in turn; a camera has one that waits, which a newer one replaces."""

    def __init__(self) -> None:
        self.waiting: OrderedDict[str, deque[Request]] = OrderedDict()
        self.changed = Condition()
        self.closed = False

    def put(self, visitor: str, request: Request) -> None:
        """Let a request wait."""
        with self.changed:
            own = self.waiting.setdefault(visitor, deque())
            if request.camera:
                for older in [other for other in own if other.camera == request.camera]:
                    own.remove(older)
                    if older.answer.set_running_or_notify_cancel():
                        older.answer.set_exception(Overtaken())
            own.append(request)
            self.changed.notify()

    def take(self, *, patience: float | None = None) -> Request | None:
        """The next request, waiting `patience` seconds for one, or until there is one; None where there is none."""
        with self.changed:
            self.changed.wait_for(lambda: self.waiting or self.closed, patience)
            if not self.waiting:
                return None
            visitor, own = next(iter(self.waiting.items()))
            taken = own.popleft()
            del self.waiting[visitor]
            if own:
                self.waiting[visitor] = own  # behind all others
            return taken

    def close(self) -> None:
        """Say that nothing comes any more; what waits is still taken."""
        with self.changed:
            self.closed = True
            self.changed.notify_all()

    def __len__(self) -> int:
        return sum(map(len, self.waiting.values()))
