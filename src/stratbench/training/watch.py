"""How far the trainings of a fit have come, in words for its log.

Everything is read from what the host learns when it looks at a training; the device is never waited for.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from stratbench.core.progress import duration, telling
from stratbench.training.loop import Progress


@dataclass
class Watch:
    """The trainings of a fit, one after another: of all groups of seeds, each in one or two stages."""

    trainings: int
    slowest: float = 0.0  # seconds that an epoch took in the slowest training so far

    @contextmanager
    def over(self, number: int, stage: int, progress: Progress) -> Iterator[None]:
        """Tell of training ``number`` (from 1), which is of ``stage`` 1 or 2, while it runs."""
        which = "second stage, " if stage == 2 else ""
        with telling(lambda: which + self.words(progress, self.trainings - number)):
            yield
        self.slowest = max(self.slowest, progress.pace)

    def words(self, progress: Progress, further: int) -> str:
        """The last epoch's losses, and the longest time that this training and ``further`` ones can take."""
        if not progress.rows:
            return f"epoch 1 of {progress.epochs}, which is compiled first"
        row, best = progress.rows[-1], progress.rows[max(progress.best_epoch - 1, 0)]
        losses = (
            f"epoch {row['epoch']} of {progress.epochs}: training loss {row['train_loss']:.3g}, validation loss "
            f"{row['validation_loss']:.3g} (best {best['validation_loss']:.3g} at epoch {progress.best_epoch})"
        )
        if not progress.pace:
            return losses
        left = progress.pace * (progress.epochs - len(progress.rows))
        left += max(progress.pace, self.slowest) * progress.epochs * further
        return f"{losses}; at most {duration(left)} left"
