"""Checks of what a user's method file returns, and its errors, reported as errors of that file.

Each kind of method has a module ``returned.py`` with one function for each function of the contract. It takes a
``Guard``, the returned value and the arguments, and returns the value to go on with. The methods that ship with
StratBench are not checked at run time; tests check them.
"""

import copy
import importlib
import inspect
import os
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pandas as pd

from stratbench.core import machine
from stratbench.core.errors import MethodError, ScientificFailure, UserError
from stratbench.methods.registry import ROOMS
from stratbench.methods.source import ASKED_FOR, FUNCTIONS, FURTHER, written

LONGEST, SHOWN = 300, 60  # characters that a message repeats of an error or of a value
PLAIN = (
    str,
    bool,
    int,
    float,
    complex,
    bytes,
    type(None),
    tuple,
    list,
    dict,
)  # whose text says what they are
PASSED = (UserError, ScientificFailure, MemoryError)  # errors that say themselves what they are


@dataclass(frozen=True)
class Guard:
    """A method file of the user's, as errors name it; ``module`` is what it defines, once it is imported."""

    kind: str
    path: Path
    module: Any = None

    @contextmanager
    def calling(self, function: str) -> Iterator[None]:
        """Turn an exception raised inside into a MethodError of the file, with its line or with what was called."""
        try:
            yield
        except PASSED:
            raise
        except (Exception, SystemExit) as error:
            place = self.place(error)
            where = f":{place.lineno}: in {place.name}" if place else f": {function}"
            raise MethodError(f"{self.path}{where}: {_said(error)}") from error

    def place(self, error: BaseException) -> traceback.FrameSummary | None:
        """Where in the file something was raised, if it was."""
        own = os.path.abspath(self.path)
        frames = [f for f in traceback.extract_tb(error.__traceback__) if os.path.abspath(f.filename) == own]
        return frames[-1] if frames else None

    def require(self, true: bool, function: str, got: object, wanted: str) -> None:
        """Check what a function of the file returned.

        Args:
            true: whether it is what the contract asks for.
            function: the function's name.
            got: what it returned, which the message shows.
            wanted: what the contract asks for, in words.

        Raises:
            MethodError: if ``true`` is false.
        """
        if not true:
            raise MethodError(
                f"{self.path}: {function} returned {shown(got)}; wanted: {wanted} (docs/contracts.md)"
            )


@contextmanager
def training(guards: Sequence[Guard]) -> Iterator[None]:
    """Report what is raised while jax traces and runs the functions of these files as an error of theirs.

    What passes through a file has its line. What does not most likely comes from something that a function returned
    and no check has seen, and the message says so. Without a file of the user's nothing changes.
    """
    try:
        yield
    except PASSED:
        raise
    except (Exception, SystemExit) as error:
        if not isinstance(error, OSError) and machine.refusal(error) is not None:
            raise
        guard = next((guard for guard in guards if guard.place(error)), guards[0] if guards else None)
        if guard is None or (isinstance(error, OSError) and not guard.place(error)):
            raise
        with guard.calling("training with it (compare what it returns with docs/contracts.md)"):
            raise


def _said(error: BaseException) -> str:
    """An error in one line that can be shown."""
    lines = str(error).strip().splitlines()
    text = "".join(letter for letter in lines[0].strip() if letter.isprintable()) if lines else ""
    text = text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


class Words(str):
    """A description that a message shows in place of the value itself."""


def shown(value: object) -> str:
    """A value in a few words: an array by its type and shape, a short value as it is."""
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return f"an array of {value.dtype}, shape {tuple(value.shape)}"
    if isinstance(value, Words):
        return str(value)
    if isinstance(value, type):
        return f"the class {value.__name__}"
    text = repr(value)
    if isinstance(value, PLAIN) and len(text) <= SHOWN and text.isprintable() and "(" not in text[1:]:
        return text
    size = f" of {len(value)}" if hasattr(value, "__len__") else ""
    return f"a value of type {type(value).__name__}{size}"


def guarded(kind: str, module: ModuleType, path: Path) -> SimpleNamespace:
    """The functions of a user's method file, each call guarded and what it returns checked.

    Raises MethodError for a function that the file lacks, or that takes other arguments.
    """
    guard, checks = Guard(kind, path, module), importlib.import_module(f"stratbench.{ROOMS[kind]}.returned")
    found = {name: value for name, value in vars(module).items() if name.isupper()} | {"guard": guard}
    for name, arguments in (FUNCTIONS[kind] | FURTHER.get(kind, {})).items():
        function = getattr(module, name, None)
        if function is None and name not in FUNCTIONS[kind]:
            continue
        if not callable(function) or not takes(function, len(arguments), ASKED_FOR.get(kind, ())):
            raise MethodError(f"{path}: no function {written(kind, name)} (docs/contracts.md)")
        found[name] = _guarded(guard, function, getattr(checks, name), written(kind, name))
    return SimpleNamespace(**found)


def takes(function: Callable[..., Any], count: int, asked_for: Sequence[str] = ()) -> bool:
    """Whether a function can be called with so many arguments by position, and those asked for by name."""
    try:
        signature = inspect.signature(function)
        signature.bind(*range(count), **{name: None for name in asked_for if name in signature.parameters})
    except (TypeError, ValueError):
        return False
    return True


def _guarded(
    guard: Guard, function: Callable[..., Any], check: Callable[..., Any], name: str
) -> Callable[..., Any]:
    @wraps(function)
    def call(*arguments: Any, **named: Any) -> Any:
        own: list[Any] = [
            copy.deepcopy(value) if isinstance(value, dict | pd.DataFrame) else value for value in arguments
        ]
        with guard.calling(name):
            found = function(*own, **named)
        if inspect.iscoroutine(found):
            found.close()  # it is refused below, and never awaited
        for before, after in zip(arguments, own, strict=True):
            if isinstance(before, pd.DataFrame) and not after.index.equals(before.index):
                raise MethodError(
                    f"{guard.path}: {name} changes the rows of its table; let it work on a copy"
                )
        return check(guard, found, *arguments)

    return call
