"""This file describes what is answered, for the page of the interface; an answer itself is what `fer predict --json` prints."""

from typing import Any

from pydantic import BaseModel, Field


class FaceBox(BaseModel):
    """Where a face is, from brows to chin, in pixels of the upright picture; it may reach beyond the edges."""

    x: float
    y: float
    width: float
    height: float


class FaceAnswer(BaseModel):
    """A face, and how probable each label is."""

    box: FaceBox
    detection: float | None = Field(description="how sure the detector is, in [0, 1]; null where it does not say")
    label: str | None = Field(description="the most probable label; null where it is less probable than the server wants")
    probabilities: dict[str, float] = Field(description="of each label; they sum to 1")


class PictureAnswer(BaseModel):
    """The faces in a picture from left to right."""

    picture: str = Field(description="the name that the request gave")
    time: float | None = Field(description="seconds in a video; always null here")
    width: int | None = Field(description="of the upright picture, in pixels")
    height: int | None = Field(description="of the upright picture, in pixels")
    faces: list[FaceAnswer]
    uncut: int = Field(description="faces that were found and could not be cut out as the network wants them")
    error: str | None = Field(description="why the picture could not be read; then the status is 422")


class Health(BaseModel):
    """How the server is."""

    status: str = Field(description="ok, or stopping")
    model: str
    labels: list[str]
    card: dict[str, Any] = Field(description="what is known of the model: data, licence, scores, and what it is for")
    uptime: float = Field(description="seconds since the start")
    waiting: int = Field(description="pictures that wait")
    answered: int = Field(description="pictures that were looked at")
    refused: int = Field(description="pictures for which there was no room")


class Refusal(BaseModel):
    """Why a request got no prediction."""

    error: str
