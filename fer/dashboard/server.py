"""This file serves the dashboard to this machine alone, and ends at once when the user wants it to."""

import socket
from pathlib import Path

from fer.dashboard.app import application
from fer.listening import answer_requests

#: Where the dashboard is unless the user says otherwise, so that a bookmark keeps its meaning.
PORT = 8427

#: Seconds that an answer which is being computed may take after Ctrl-C.
PATIENCE = 1


def serve(folder: Path, made: socket.socket) -> None:
    """Answer requests until the user ends it by Ctrl-C, which raises KeyboardInterrupt."""
    answer_requests(application(folder), made, patience=PATIENCE, lifespan="off")
