"""The provenance of results: versions, config, seeds, commit, devices."""

import platform
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import stratbench
from stratbench.core import private
from stratbench.genotypes.records import FitRecord


def versions() -> dict[str, str]:
    """Installed versions of StratBench and of what it declares to need."""
    declared = metadata.requires("stratbench") or []
    plain = [re.split(r"[\s<>=!~;\[(]", line, maxsplit=1)[0] for line in declared if "extra ==" not in line]
    found = {}
    for name in ["stratbench", "jaxlib", *plain]:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return dict(sorted(found.items()))


def _git(*arguments: str) -> str | None:
    """What git says about the checkout that this package lies in; None outside one, or without git."""
    folder = Path(stratbench.__file__).parent
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, text=True, timeout=30, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def commit() -> dict[str, Any]:
    """``commit`` and ``dirty`` (a tracked file differs from it); both None outside a git checkout.

    A package installed inside somebody else's checkout does not take that commit for its own.
    """
    if _git("ls-files", "--error-unmatch", "__init__.py") is None:
        return {"commit": None, "dirty": None}
    status = _git("status", "--porcelain", "--untracked-files=no")
    return {"commit": _git("rev-parse", "HEAD"), "dirty": None if status is None else bool(status)}


def provenance(config: Mapping[str, Any], fits: Iterable[FitRecord], jobs: int) -> dict[str, Any]:
    """The content of provenance.json: JSON values only, no time, no path of this machine and no secret.

    ``fits`` are the fit.json of the study; ``jobs`` counts the jobs that were measured.
    """
    fits = list(fits)
    counts: dict[str, int] = {}
    for fit in fits:
        device = str(fit.device or "none")
        counts[device] = counts.get(device, 0) + 1
    return {
        "versions": versions(),
        "python": platform.python_version(),
        "implementation": sys.implementation.name,
        "platform": platform.platform(),
        **commit(),
        "config": private.shared(config),
        "seeds": config.get("seeds"),
        "devices": counts,
        "training_versions": distinct(fit.versions for fit in fits),
        "fits": len(fits),
        "fits_failed": sum(fit.status != "ok" for fit in fits),
        "jobs": jobs,
    }


def distinct(items: Iterable[Any]) -> list[Any]:
    """Each different non-empty item once, in the order first seen."""
    found: list[Any] = []
    for item in items:
        if item and item not in found:
            found.append(item)
    return found
