"""Which attributions a model allows, said by constants that are read without importing the method files.

``NEEDS_GRADIENT = False`` at the top of an attribution's file says that it does not ask for df/dx. ``DIFFERENTIABLE =
False`` at the top of a model's file says that f has no such gradient that means anything, as f of trees.
``NETWORK = False`` says that a model is no network at all, but predictions that were made elsewhere. All three are True
where a file does not state them.
"""

from collections.abc import Mapping
from typing import Any

from stratbench.core.errors import UserError
from stratbench.methods import registry, source

Spec = Mapping[str, Any]


def refused(model: Spec, attribution: Spec) -> str:
    """Why a model (``{"method", "file"}``) cannot be explained by an attribution; blank if it can.

    Raises UserError for a constant that is neither True nor False.
    """
    if not is_network(model):
        return (
            f"attribution '{attribution['method']}' explains a network, and model '{model['method']}' is predictions "
            "made elsewhere; give this model a block of its own, without attributions"
        )
    if _stated("model", model, "DIFFERENTIABLE") or not _stated("attribution", attribution, "NEEDS_GRADIENT"):
        return ""
    return (
        f"attribution '{attribution['method']}' needs the gradient of f, which model '{model['method']}' does not "
        "have; take occlusion, or explain this model in a block of its own"
    )


def is_network(model: Spec) -> bool:
    """Whether a model (``{"method", "file"}``) is a network that a fit trains, not predictions made elsewhere."""
    return _stated("model", model, "NETWORK")


def _stated(kind: str, spec: Spec, constant: str) -> bool:
    path = registry.find(kind, spec["method"], spec.get("file"))
    value = source.stated(path, constant, default=True)
    if not isinstance(value, bool):
        raise UserError(f"{path}: {constant} is {value!r}; it must be True or False")
    return value
