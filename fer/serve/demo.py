"""This file is the demo: the server of pictures, with a page for people who stand before a camera or bring a picture."""

from collections.abc import Callable, Sequence

from fastapi import FastAPI
from fastapi.responses import FileResponse, HTMLResponse

from fer.deploy.predictor import Predictor
from fer.serve.app import application
from fer.serve.bodies import FORMATS
from fer.serve.limits import Limits
from fer.serve.pages import TEMPLATES, demo_page

#: What the page loads besides itself.
FILES = {"demo.js": "text/javascript", "camera.js": "text/javascript", "faces.js": "text/javascript", "demo.css": "text/css"}


def demo(predictor: Predictor, limits: Limits, *, hosts: Sequence[str] = ()) -> FastAPI:
    """The server of `application` with the page in front."""
    made = application(predictor, limits, hosts=hosts)
    page = demo_page(predictor.model, {"bytes": limits.bytes, "formats": ",".join(FORMATS.values())})

    @made.get("/", include_in_schema=False)
    async def front() -> HTMLResponse:
        return HTMLResponse(page)

    for name, kind in FILES.items():
        made.get(f"/{name}", include_in_schema=False)(of_file(name, kind))
    return made


def of_file(name: str, kind: str) -> Callable[[], FileResponse]:
    """What answers with a file that lies beside the templates."""

    def file() -> FileResponse:
        return FileResponse(TEMPLATES / name, media_type=kind)

    return file
