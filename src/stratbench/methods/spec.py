"""A method as a completed config, or a rule's ``params``, names it: its name, its file and its options."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stratbench.methods import registry


@dataclass(frozen=True)
class MethodSpec:
    """A method file and the options that it is run with.

    Attributes:
        kind: demography, split, model, adjustment, attribution or association.
        method: its name.
        file: its path where it is the user's own; None where it ships with StratBench.
        options: the values of its options.
    """

    kind: str
    method: str
    file: str | None
    options: Mapping[str, Any]

    @classmethod
    def of(cls, kind: str, spec: Mapping[str, Any]) -> "MethodSpec":
        """From ``{"method": name, "file": path or None, "options": {...}}``, as JSON and ``params`` hold it."""
        return cls(kind, spec["method"], spec.get("file"), spec["options"])

    def load(self) -> Any:
        """The imported method file. Raises as ``registry.load`` does."""
        return registry.load(self.kind, self.method, self.file)
