"""How far the trainings of a fit have come, in words for its log.

Everything is read from what training keeps in any case. A loss that the device has not computed yet
is not waited for.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from stratbench.core.progress import duration, telling
from stratbench.training.loop import Progress


@dataclass
class Watch:
    """The trainings of a fit, one after another: every seed's, in one or two stages."""

    seeds: int
    stages: int
    slowest: float = 0.0  # seconds that a step took in the slowest training so far

    @contextmanager
    def over(self, seed: int, stage: int, progress: Progress) -> Iterator[None]:
        """Tell of one training while it runs; seeds and stages count from 1."""
        further = (self.seeds - seed) * self.stages + self.stages - stage
        which = "second stage, " if stage == 2 else ""
        with telling(lambda: which + self.words(progress, further)):
            yield
        self.slowest = max(self.slowest, pace(progress))

    def words(self, progress: Progress, further: int) -> str:
        """The last epoch's losses, the running epoch's steps, and the longest time that all trainings can take."""
        if progress.began is None:
            first = " is compiled" if progress.compiles else ""
            return f"epoch 1 of {progress.epochs}: the first step{first}"
        so_far = f"{_losses(progress)}{_running(progress)}"
        if not done(progress):
            return so_far
        seconds, every = pace(progress), progress.epochs * progress.steps
        left = (every - done(progress)) * seconds + further * every * max(seconds, self.slowest)
        return f"{so_far}; at most {duration(left)} left"


def done(progress: Progress) -> int:
    """Steps that the device has completed."""
    return len(progress.rows) * progress.steps + _ready(progress)


def pace(progress: Progress) -> float:
    """Seconds a step since the first was compiled, with its share of validation; 0 before there is one."""
    steps = done(progress)
    return (time.monotonic() - progress.began) / steps if progress.began is not None and steps else 0.0


def _ready(progress: Progress) -> int:
    return sum(loss.is_ready() for loss in tuple(progress.losses))


def _losses(progress: Progress) -> str:
    if not progress.rows:
        return ""
    row = progress.rows[-1]
    return (
        f"epoch {row['epoch']} of {progress.epochs}: training loss {row['train_loss']:.3g}, validation loss "
        f"{row['validation_loss']:.3g} (best {progress.best_loss:.3g} at epoch {progress.best_epoch}); "
    )


def _running(progress: Progress) -> str:
    """The running epoch, whose losses are not known yet, and its steps."""
    epoch, ready = len(progress.rows) + 1, _ready(progress)
    if epoch > progress.epochs:
        return "the last"
    of = f" of {progress.epochs}" if epoch == 1 else ""
    if ready < progress.steps:
        return f"epoch {epoch}{of}: {ready} of {progress.steps} steps"
    compiled = " is compiled" if progress.compiles and epoch == 1 else ""
    return f"epoch {epoch}{of}: all {progress.steps} steps, validation{compiled}"
