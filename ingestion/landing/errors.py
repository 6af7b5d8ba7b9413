"""The one error of the file source: what is wrong in the landing folder, where, and what to do."""

from __future__ import annotations


class LandingError(ValueError):
    """A landing folder, file or column that stops the load before anything reaches the warehouse."""
