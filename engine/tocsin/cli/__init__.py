"""The commands. Exit codes: 0 fine, 1 found something, 2 could not run."""

from tocsin.cli.main import main

__all__ = ["main"]
