"""Batches of replicates: a large study is run in parts, each a study of its own with a folder of its own.

``batch: 21-40`` in a config, or ``--config batch=21-40`` beside it, keeps these replicates of every cohort and changes
nothing else. A replicate comes out the same in a batch as in the whole study, because seeds come from names that do not
hold the study's. ``stratbench join`` puts finished batches together (``joining``).
"""


def replicates(batch: str | int | None) -> range | None:
    """The replicates of a batch: ``"21-40"`` is range(21, 41), ``3`` is range(3, 4); None where there is no batch.

    The schema of configs has checked the form. A batch that begins after it ends is empty.
    """
    if batch is None:
        return None
    first, _, last = str(batch).partition("-")
    return range(int(first), int(last or first) + 1)


def named(study: str, batch: str | int | None) -> str:
    """The name of a batch's results: ``paper-r21-40``, or the study's own where there is no batch."""
    chosen = replicates(batch)
    if chosen is None:
        return study
    name = f"{study}-r{chosen.start:02d}"
    return name if len(chosen) == 1 else f"{name}-{chosen.stop - 1:02d}"
