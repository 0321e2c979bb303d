"""The loop: drain, step, commit, answer, wake; on one thread of its own."""

from tocsin.loop.limits import Limits
from tocsin.loop.loop import Loop

__all__ = ["Limits", "Loop"]
