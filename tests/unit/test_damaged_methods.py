"""Method files of a user's own that misbehave: refused by file and function, or their results computed once more."""

from itertools import chain
from pathlib import Path

import pytest

from damage import methods, others, trained
from damage.judge import require

LEAST = {  # cases of each kind, and how many of them have to be accepted
    "method source": (150, 25),
    "model": (70, 7),
    "adjustment": (65, 7),
    "attribution": (45, 10),
    "association": (45, 8),
    "split": (40, 8),
    "demography": (70, 8),
}


@pytest.mark.fault
def test_what_misbehaves_is_refused_by_file_and_function(tmp_path: Path) -> None:
    require(chain(methods.cases(), others.cases(), trained.cases()), tmp_path, LEAST)
