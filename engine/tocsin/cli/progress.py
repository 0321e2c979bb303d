"""A progress bar on standard error, where a person looks on."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn


@contextmanager
def progress(what: str, *, shown: bool = True) -> Iterator[Callable[[float], None]]:
    """Gives a function that hears how much of the whole is done, from 0 to 1; nothing is shown beside a terminal."""
    if not shown or not sys.stderr.isatty():
        yield lambda done: None
        return
    with Progress(TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn(),
                  console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=1.0)
        yield lambda done: bar.update(task, completed=done)
