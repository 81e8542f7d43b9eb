"""This file measures a server under load: `python -m fer.serve.load URL PICTURE --requests 200 --seconds 60`."""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

import numpy as np


@dataclass
class Measured:
    """Seconds of every answer, in the order in which they came, and how many there were of each status."""

    seconds: list[float] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        p50, p99 = np.percentile(self.seconds, [50, 99]) if self.seconds else (np.nan, np.nan)
        counts = ", ".join(f"{status}: {count:,}" for status, count in sorted(self.statuses.items()))
        return f"{len(self.seconds):,} answers, p50 {p50:.2f} s, p99 {p99:.2f} s; {counts}"


def measure(url: str, picture: bytes, *, requests: int, seconds: float) -> Measured:
    """Keep so many requests with this picture under way, and begin none after so many seconds."""
    measured, end = Measured(), time.monotonic() + seconds
    threads = [Thread(target=ask, args=(url, picture, end, measured)) for _ in range(requests)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return measured


def ask(url: str, picture: bytes, end: float, measured: Measured) -> None:
    """Send the picture again and again over one connection until the time is over."""
    split = urlsplit(url)
    connection = HTTPConnection(split.hostname or "", split.port, timeout=180)
    while time.monotonic() < end:
        began = time.monotonic()
        try:
            connection.request("POST", f"{split.path}?{split.query}", picture)
            answer = connection.getresponse()
            answer.read()
            measured.statuses[str(answer.status)] += 1
            measured.seconds.append(time.monotonic() - began)
        except (OSError, HTTPException) as error:
            measured.statuses[type(error).__name__] += 1
            connection.close()
    connection.close()


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and print what was found; the exit status is 1 where some request had another answer than 200."""
    parser = argparse.ArgumentParser(prog="python -m fer.serve.load", description="Measure a server under load.")
    parser.add_argument("url", metavar="URL", help="what pictures are sent to: http://127.0.0.1:8428/predict")
    parser.add_argument("picture", type=Path, metavar="PICTURE", help="a file that is sent")
    parser.add_argument("--requests", type=int, default=200, metavar="N", help="how many are under way at once (default: 200)")
    parser.add_argument("--seconds", type=float, default=60.0, metavar="S", help="for how long (default: 60)")
    given = parser.parse_args(arguments)
    measured = measure(given.url, given.picture.read_bytes(), requests=given.requests, seconds=given.seconds)
    print(measured)
    return 0 if set(measured.statuses) == {"200"} else 1


if __name__ == "__main__":
    sys.exit(main())
