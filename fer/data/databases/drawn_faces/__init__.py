"""Faces drawn by the project itself: people, action units, scenes, shapes, paint and camera, one idea a file.

Where a number has no source beside it, it was set by eye on contact sheets, so that the expression can be named.
"""
