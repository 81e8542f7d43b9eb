"""This file keeps the pages that were rendered last, so that each is rendered once, however many look at it."""

from collections import OrderedDict, defaultdict
from collections.abc import Callable
from threading import Lock

#: Pages that are kept: more than anybody has open, and a megabyte each at the most.
KEPT = 12


class Rendered:
    """Pages by address, each with the stamp of what it shows."""

    def __init__(self) -> None:
        self._pages: OrderedDict[str, tuple[str, str]] = OrderedDict()
        self._locks: defaultdict[str, Lock] = defaultdict(Lock)

    def page(self, address: str, stamp: str, render: Callable[[], str]) -> str:
        """The page at an address, rendered where it was not, or where its stamp is another one by now."""
        with self._locks[address]:
            known = self._pages.get(address)
            html = known[1] if known and known[0] == stamp else render()
            self._pages[address] = stamp, html
            self._pages.move_to_end(address)
            while len(self._pages) > KEPT:
                self._pages.popitem(last=False)
            return html
