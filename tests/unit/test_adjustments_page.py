"""docs/adjustments.md says of every adjustment what its file says, and names no other."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from stratbench.methods import registry

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("adjustments_page", ROOT / "docs" / "adjustments.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_says_what_the_files_say(script: ModuleType) -> None:
    text = script.PAGE.read_text()
    assert text == script.page(text), "run `python docs/adjustments.py`"


def test_every_adjustment_states_what_it_fails_at(script: ModuleType) -> None:
    for name in registry.names("adjustment"):
        assert len(script.failure(registry.load("adjustment", name))) > 20, name


def test_the_page_chooses_among_adjustments_and_options_that_exist(script: ModuleType) -> None:
    """What stands in the first column of a table, or is combined by +, is the name of an adjustment."""
    text = script.PAGE.read_text()
    firsts = re.findall(r"^\| ((?:`[a-z-]+`(?:, )?)+) \|", text, re.MULTILINE)
    named = {name for cell in firsts for name in re.findall(r"`([a-z-]+)`", cell)}
    named |= {part for pair in re.findall(r"`([a-z-]+\+[a-z-]+)`", text) for part in pair.split("+")} - {
        "a",
        "b",
    }
    assert len(named) >= 12
    assert named <= set(registry.names("adjustment"))
    options = {key for name in named for key in registry.describe("adjustment", name).options}
    assert set(re.findall(r"`([a-z_]+): [^`]+`", text)) <= options
