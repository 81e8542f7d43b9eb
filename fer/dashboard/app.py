"""This file answers the requests of the dashboard: an address is a path below OUTPUTS, and every page has a stamp.

A page asks again with the stamp that it has (If-None-Match). Where nothing has changed the answer is 304, which costs some
looks at files; so pages follow what happens without a connection that stays open.
"""

from pathlib import Path
from threading import Thread

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from fer.dashboard import pages
from fer.dashboard.outputs import KINDS, Outputs
from fer.dashboard.rendered import Rendered
from fer.dashboard.views import View, Views, folder_of, message
from fer.listening import HOSTS
from fer.results.publish import LEADERBOARD, PAGE

SCRIPT = "live.js"

#: Nothing goes to or comes from elsewhere: pages show what people's faces were taken for.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; "
    "script-src 'self' 'unsafe-inline'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


def application(folder: Path) -> Starlette:
    """The dashboard of a folder with runs, in which nothing is written."""
    dashboard = Dashboard(folder)
    Thread(target=dashboard.warm_up, daemon=True, name="warm-up").start()
    return Starlette(
        routes=[Route("/{name:path}", dashboard.answer)],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=list(HOSTS), www_redirect=False)],
    )


class Dashboard:
    """Answers with the page or the file that an address names."""

    def __init__(self, folder: Path) -> None:
        self.outputs = Outputs(folder)
        self.views = Views(self.outputs)
        self.rendered = Rendered()

    def warm_up(self) -> None:
        """Read the runs and render the leaderboard before anybody asks for it."""
        self.html("/", self.views.board())

    def answer(self, request: Request) -> Response:
        """The answer to a request; Starlette asks for it in a thread."""
        try:
            response = self.file(request) or self.page(request)
        except FileNotFoundError:  # a fold got its name, or a run was deleted, while it was read
            response = self.show(request, message("This changes just now", "It is looked at again in a moment.", status=503))
        response.headers.update(HEADERS)
        return response

    def file(self, request: Request) -> Response | None:
        """A file, or the way to a page whose address lacks its last slash; None where a page is asked for."""
        name = request.path_params["name"]
        if name == SCRIPT:
            return FileResponse(pages.TEMPLATES / SCRIPT, media_type="text/javascript")
        if name == LEADERBOARD:
            return Response(pages.board_csv(self.views.ranking.now(), self.outputs.folder), media_type=KINDS[".csv"])
        if self.outputs.run(folder_of(name)):  # what lies beside the page is found from an address that ends like a folder's
            return None if name.endswith(("/", PAGE)) or not name else RedirectResponse(f"{request.url.path}/")
        file = self.outputs.file(name)
        return FileResponse(file, media_type=KINDS[file.suffix]) if file else None

    def page(self, request: Request) -> Response:
        """The page of an address."""
        return self.show(request, self.views.view(request.path_params["name"], request.query_params.getlist("run")))

    def show(self, request: Request, view: View) -> Response:
        """A page, or 304 where the one that asks shows the same."""
        tag = f'"{view.stamp}"'
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers={"ETag": tag})
        asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return HTMLResponse(self.html(asked, view), status_code=view.status, headers={"ETag": tag})

    def html(self, asked: str, view: View) -> str:
        """The page of what was asked for under the bar, rendered unless it was."""

        def render() -> str:
            sweeps = bool(self.outputs.look().storages)
            return pages.dressed(view.render(), stamp=f'"{view.stamp}"', sweeps=sweeps, standings=view.standings)

        return self.rendered.page(asked, view.stamp, render)
