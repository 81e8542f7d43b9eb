"""This file answers over HTTP: a picture is sent, and what `fer predict --json` prints comes back.

Pictures are looked at in memory and never stored, and no request is logged.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Annotated, Any

from fastapi import FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware

from fer.deploy.listing import JsonLines
from fer.deploy.model import USE
from fer.deploy.predictor import Prediction, Predictor
from fer.serve import turns
from fer.serve.answers import Health, PictureAnswer, Refusal
from fer.serve.bodies import FORMATS, announced, content, require_picture
from fer.serve.guard import Guard
from fer.serve.limits import Limits, Rates, Refused, Room
from fer.serve.looking import Looking
from fer.serve.pages import interface_page

CAMERA = (
    "any word that names the camera which pictures are from, such as random letters: its faces are found in a fraction of the "
    "time, by following them where the detector can; the newest picture replaces one that waits; small faces are not looked for"
)
Camera = Annotated[str, Query(max_length=64, description=CAMERA)]
Name = Annotated[str, Query(max_length=200, description="a name for the picture, which the answer repeats")]
REFUSALS = {
    400: "no picture was sent, or something unknown was asked for",
    408: "sending it took too long",
    409: "a newer picture of the same camera came",
    413: "too many bytes or pixels",
    415: "no picture by its content",
    422: "a damaged picture",
    429: "too many pictures from one address; Retry-After says when to try again",
    503: "too many pictures wait; Retry-After says when to try again",
}
BODY = {
    "requestBody": {
        "required": True,
        "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in FORMATS.values()},
    }
}


class Service:
    """A predictor, what waits for it, and how much is taken."""

    def __init__(self, predictor: Predictor, limits: Limits) -> None:
        self.limits, self.room, self.rates = limits, Room(limits), Rates(limits.rate)
        self.turns = turns.Turns()
        self.looking = Looking(predictor, self.turns)
        self.listing = JsonLines(predictor.labels)
        self.model = predictor.model
        self.started = time.monotonic()

    async def predict(self, request: Request, name: str, camera: str) -> Prediction:
        """What is found in the picture that a request brings; raises Refused where nothing is looked for."""
        address = request.client.host if request.client else ""
        visitor = f"{address} {camera}"
        self.rates.take(address)
        size = announced(request, self.limits)
        self.room.enter(size)
        try:
            body = await content(request, self.limits)
            await run_in_threadpool(require_picture, body, self.limits)
            return await self.turn(turns.Request(visitor, name, body, bool(camera)))
        finally:
            self.room.leave(size)

    async def turn(self, waiting: turns.Request) -> Prediction:
        """Wait until it is this visitor's turn."""
        self.turns.put(waiting)
        try:
            async with asyncio.timeout(self.limits.answering):
                return await asyncio.wrap_future(waiting.answer)
        except TimeoutError:
            raise Refused(503, f"found no time for it in {self.limits.answering:g} seconds", after=2) from None
        except turns.Overtaken:
            raise Refused(409, "a newer picture of the same camera came") from None

    def health(self) -> dict[str, Any]:
        """How the server is."""
        return {
            "status": "stopping" if self.turns.closed else "ok",
            "model": self.model.name,
            "labels": self.model.labels,
            "card": dict(self.model.described),
            "uptime": round(time.monotonic() - self.started, 1),
            "waiting": len(self.turns),
            "answered": self.looking.answered,
            "refused": self.room.refused,
        }


def application(predictor: Predictor, limits: Limits, *, hosts: Sequence[str] = ()) -> FastAPI:
    """The server of a predictor; `hosts` are the names that a request may call it by, all where there are none."""
    service = Service(predictor, limits)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        service.looking.start()
        yield
        await run_in_threadpool(service.looking.stop)

    made = FastAPI(
        title="Expressions in pictures",
        description=str(service.model.described.get("use", USE)),
        version=version("ferlab"),
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        middleware=[Middleware(Guard, hosts=tuple(hosts))],
    )
    made.add_exception_handler(Refused, refusal)
    made.add_exception_handler(RequestValidationError, misunderstood)
    add_answers(made, service)
    made.state.service = service
    return made


def add_answers(made: FastAPI, service: Service) -> None:
    """Put what is answered into the application."""

    @made.post(
        "/predict",
        summary="The faces in a picture",
        response_model=PictureAnswer,
        response_description="what was found",
        responses={status: {"model": Refusal, "description": words} for status, words in REFUSALS.items()},
        openapi_extra=BODY,
    )
    async def predict(request: Request, name: Name = "", camera: Camera = "") -> Response:
        """The body is the picture itself."""
        prediction = await service.predict(request, name, camera)
        (line,) = service.listing.lines(prediction)
        return Response(line, status_code=422 if prediction.error else 200, media_type="application/json")

    @made.get(
        "/health", summary="How the server is, and which model it uses", response_model=Health, response_description="at once"
    )
    async def health() -> dict[str, Any]:
        return service.health()

    @made.get("/docs", include_in_schema=False)
    def docs(request: Request) -> HTMLResponse:
        return HTMLResponse(interface_page(made.openapi(), str(request.base_url)))


def refusal(_: Request, refused: Exception) -> JSONResponse:
    """The answer to what is refused."""
    assert isinstance(refused, Refused)
    headers = {} if refused.after is None else {"Retry-After": str(refused.after)}
    return JSONResponse({"error": refused.words}, status_code=refused.status, headers=headers)


def misunderstood(_: Request, error: Exception) -> JSONResponse:
    """The answer to a parameter that nothing here understands."""
    assert isinstance(error, RequestValidationError)
    found = [f"{wrong['loc'][-1]}: {wrong['msg']}" for wrong in error.errors()]
    return JSONResponse({"error": "; ".join(found)}, status_code=400)
