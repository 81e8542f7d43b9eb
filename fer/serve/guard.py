"""This file keeps other pages out: an answer is for this machine's own programs and pages, and nothing of it is stored."""

from urllib.parse import SplitResult, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: A page may load, send to and be framed by nothing but this server, and nothing is left in any cache.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Guard:
    """Refuses requests to another host than `hosts`, where these are given, and those that pages of other origins make."""

    def __init__(self, app: ASGIApp, *, hosts: tuple[str, ...] = ()) -> None:
        self.app, self.hosts = app, hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and put the headers to its answer."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        wrong = self.wrong(Headers(scope=scope))
        answer = self.app if wrong is None else JSONResponse({"error": wrong}, status_code=403)
        await answer(scope, receive, with_headers)

    def wrong(self, headers: Headers) -> str | None:
        """Why a request is refused."""
        host = headers.get("host", "")
        if self.hosts and parts_of(f"//{host}").hostname not in self.hosts:
            return f"found host {host!r}, expected {' or '.join(self.hosts)}"
        origin = headers.get("origin")
        if origin is not None and parts_of(origin).netloc != host:
            return f"found a page of {origin}, expected one of {host}"
        return None


def parts_of(address: str) -> SplitResult:
    """The parts of an address; none of one that is no address."""
    try:
        return urlsplit(address)
    except ValueError:
        return urlsplit("")
