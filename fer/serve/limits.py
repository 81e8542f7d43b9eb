"""This file says how much a server takes, from everybody and from one address, and refuses what is more."""

import math
import time
from collections import OrderedDict
from dataclasses import dataclass

#: Addresses whose rates are remembered; of more than these the ones that were silent longest start anew.
ADDRESSES = 4096


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes and pixels of a picture, seconds to send it and to wait for its answer, and what may wait at once.

    `rate` is pictures a second from one address; its burst is a second's worth.
    """

    bytes: int = 10 * 2**20  # a photograph of 24 million pixels as JPEG
    pixels: int = 24_000_000  # 72 MB decoded, of which there is one at a time
    sending: float = 15.0
    answering: float = 120.0
    waiting: int = 512
    waiting_bytes: int = 256 * 2**20
    rate: float = math.inf


class Refused(Exception):
    """A request that is not answered with a prediction: the status, why, and after how many seconds to try again."""

    def __init__(self, status: int, words: str, *, after: int | None = None) -> None:
        super().__init__(words)
        self.status, self.words, self.after = status, words, after


class Rates:
    """How many pictures each address may still send; it gets `rate` of them a second, and saves up for one second."""

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self.left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, address: str) -> None:
        """Count a picture; raises Refused where the address has sent too many."""
        if math.isinf(self.rate):
            return
        now = time.monotonic()
        most = max(1.0, self.rate)
        left, since = self.left.pop(address, (most, now))
        left = min(most, left + (now - since) * self.rate)
        self.left[address] = (left - 1 if left >= 1 else left), now
        if len(self.left) > ADDRESSES:
            self.left.popitem(last=False)
        if left < 1:
            raise Refused(429, f"found more than {self.rate:g} pictures a second from this address", after=1)


class Room:
    """What has been accepted and is not answered yet: so many pictures, and so many bytes, and no more."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.pictures = self.bytes = self.refused = 0

    def enter(self, size: int) -> None:
        """Let a picture of this many bytes in; raises Refused where there is no room."""
        if self.pictures >= self.limits.waiting or self.bytes + size > self.limits.waiting_bytes:
            self.refused += 1
            raise Refused(503, f"{self.pictures} pictures are waiting already", after=2)
        self.pictures += 1
        self.bytes += size

    def leave(self, size: int) -> None:
        """Let it out again."""
        self.pictures -= 1
        self.bytes -= size
