"""JSON schemas as a user meets them: defaults filled in, and errors that name the nearest valid key."""

import math
import re
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator, validators
from jsonschema.exceptions import ValidationError

from stratbench.core.errors import UserError
from stratbench.methods.registry import nearest

Place = tuple[Any, ...]
SCHEMAS = Path(__file__).parents[1] / "schemas"
BOUNDS = ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum")
DEEPEST, MOST = 50, 100_000  # levels and values of a config
LISTED = 20  # problems in a message
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ufeff]")
LARGEST = 2**63 - 1  # of whole numbers, as NumPy has them
SHOWN = 60  # characters of a value that a message repeats


def _is_integer(_: Any, value: Any) -> bool:
    """Whether a value is an int. JSON Schema also takes 2.0 for an integer; here neither 2.0 nor true is one."""
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= LARGEST


def _is_number(checker: Any, value: Any) -> bool:
    """Whether a value is a number other than NaN, which would pass every minimum and maximum."""
    return _is_integer(checker, value) or (isinstance(value, float) and math.isfinite(value))


def _pattern(validator: Any, pattern: str, value: Any, _: Mapping[str, Any]) -> Iterator[ValidationError]:
    """Python's ``$`` matches before a final line end too, JSON Schema's at the end alone."""
    if isinstance(value, str) and not re.search(re.sub(r"\$$", r"\\Z", pattern), value):
        yield ValidationError(f"{value!r} does not match {pattern!r}")


VALIDATOR = validators.extend(
    Draft202012Validator,
    {"pattern": _pattern},
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine_many(
        {"integer": _is_integer, "number": _is_number}
    ),
)


def problems(rules: Mapping[str, Any], value: Any) -> Iterator[tuple[Place, str]]:
    """Everything in a value that a schema refuses: where, and what is wrong, in words."""
    for error in VALIDATOR(rules).iter_errors(value):
        for further, message in explain(error):
            yield (*error.absolute_path, *further), message


def first(found: list[str]) -> list[str]:
    """The problems that a message lists: all, or the first of many and how many more there are."""
    more = len(found) - LISTED
    return found if more <= 0 else [*found[:LISTED], f"... and {more} more problems"]


@cache
def shipped(name: str) -> Mapping[str, Any]:
    """A schema of the package, ``schemas/<name>.yaml``."""
    return dict(yaml.safe_load((SCHEMAS / f"{name}.yaml").read_text()))


def dotted(place: Place) -> str:
    """A place in a config as text: ``blocks[0].models``."""
    text = "".join(f".{key}" if isinstance(key, str) and key.isprintable() else f"[{key!r}]" for key in place)
    return text.removeprefix(".")


def plain(value: Any, place: Place = (), counted: Iterator[int] | None = None) -> Any:
    """A copy of what JSON can hold: text, numbers, true, false and null, in lists and under keys that are text.

    Raises UserError, naming the place, for anything else that YAML reads (a date, a set, a key that is a number),
    and for what has no end: a list that holds itself, aliases of aliases.
    """
    counted = counted or count()
    where = dotted(place[:DEEPEST]) or "config"
    if next(counted) >= MOST:
        raise UserError(
            f"config: holds more than {MOST} values; write aliases (*name) of aliases out, or leave them out"
        )
    if len(place) > DEEPEST:
        raise UserError(f"{where}: is nested deeper than {DEEPEST} times, or holds itself; write it out")
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise UserError(f"{where}: YAML reads the key {key!r} as no text; quote it")
        return {key: plain(item, (*place, key), counted) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item, (*place, k), counted) for k, item in enumerate(value)]
    if value is not None and not isinstance(value, str | bool | int | float):
        raise UserError(
            f"{where}: YAML reads {shortened(value)} as a {type(value).__name__}; quote it to be text"
        )
    return value


def controls(value: Any, place: Place = ()) -> Iterator[tuple[Place, str]]:
    """Texts that hold control characters, which a message or a table would not show."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from controls(item, (*place, key))
    elif isinstance(value, list):
        for k, item in enumerate(value):
            yield from controls(item, (*place, k))
    elif isinstance(value, str) and CONTROL.search(value):
        yield place, f"{shortened(value)} holds a control character; write it anew"


def with_defaults(schema: Mapping[str, Any], value: Any, root: Mapping[str, Any] | None = None) -> Any:
    """A copy of the value with every default of the schema that it lacks."""
    root = root or schema
    schema = _follow(schema, root)
    if isinstance(value, dict):
        rules = schema.get("properties", {})
        absent = {key: _follow(rule, root) for key, rule in rules.items() if key not in value}
        filled = {key: plain(rule["default"]) for key, rule in absent.items() if "default" in rule}
        other = schema.get("additionalProperties") or {}
        return filled | {key: with_defaults(rules.get(key, other), item, root) for key, item in value.items()}
    if isinstance(value, list):
        return [with_defaults(schema.get("items", {}), item, root) for item in value]
    return value


def explain(error: ValidationError) -> Iterator[tuple[Place, str]]:
    """What is wrong, in words, and where below the error's own path."""
    value, rule = error.instance, error.validator_value
    if error.validator == "additionalProperties":
        known = sorted(error.schema["properties"])
        for key in value.keys() - error.schema["properties"].keys():
            yield (key,), f"unknown key {key!r}: {nearest(key, known)}"
    elif error.validator == "oneOf" and "$comment" in error.schema:
        yield (), error.schema["$comment"]
    elif error.validator in ("pattern", "maxLength"):
        yield (
            (),
            f"{shortened(value)} {error.schema.get('$comment', f'is refused by {error.validator} {rule}')}",
        )
    elif error.validator == "required":
        missing = next(key for key in rule if key not in value and f"'{key}'" in error.message)
        yield (), f"'{missing}' is missing"
    elif error.validator == "enum":
        yield (), f"unknown value {shortened(value)}: {nearest(str(value), [str(item) for item in rule])}"
    elif error.validator == "type" and rule == "null":
        yield (
            (),
            f"{shortened(value)} is refused: {error.schema.get('description', 'it takes no value')}; leave it out",
        )
    elif error.validator in BOUNDS:
        yield (), f"{value!r} {_range(error.schema)}"
    elif error.validator == "type":
        yield (), _of_another_type(value, rule, error)
    else:
        yield (), error.message.replace(repr(value), shortened(value))


def _range(rule: Mapping[str, Any]) -> str:
    """What numbers a schema allows, with its default as an example."""
    low = next((name for name in ("exclusiveMinimum", "minimum") if name in rule), None)
    high = next((name for name in ("exclusiveMaximum", "maximum") if name in rule), None)
    if low and high:
        excluded = [f"{rule[name]:g}" for name in (low, high) if name.startswith("exclusive")]
        left_out = (
            ", both excluded" if len(excluded) == 2 else "".join(f", {end} excluded" for end in excluded)
        )
        text = f"must lie between {rule[low]:g} and {rule[high]:g}{left_out}"
    elif low:
        text = f"must be above {rule[low]:g}" if low != "minimum" else f"must be {rule[low]:g} or more"
    elif high:
        text = f"must be below {rule[high]:g}" if high != "maximum" else f"must be {rule[high]:g} or less"
    else:
        raise ValueError(f"no bounds in {rule}")
    default = rule.get("default")
    if not isinstance(default, int | float):
        return text
    return f"{text}; give e.g. {default:.1e}" if "e" in str(default) else f"{text}; give e.g. {default}"


def shortened(value: Any) -> str:
    """A value as a message shows it, in one line; a long one is cut, and its length is stated."""
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}... ({len(text)} characters)"


def _of_another_type(value: Any, rule: str | list[str], error: ValidationError) -> str:
    """Why a value is not of the type that it should be of."""
    allowed = {rule} if isinstance(rule, str) else set(rule)
    if not allowed & {"integer", "number"} or not isinstance(value, int | float):
        return f"{shortened(value)} is not of type {_either(rule)}{_number_hint(error)}"
    if isinstance(value, bool):
        return f"{str(value).lower()} is no number"
    if isinstance(value, int):
        return f"a number of {len(str(abs(value)))} digits is too large"
    if not math.isfinite(value):
        return f"{value} is no number that can be used; give a finite one"
    if value.is_integer():
        return f"{value!r} is no whole number; write it without a point, {value:.0f}"
    return f"{value!r} is no whole number"


def _either(rule: str | list[str]) -> str:
    return " or ".join(repr(name) for name in ([rule] if isinstance(rule, str) else rule))


def _number_hint(error: ValidationError) -> str:
    """YAML reads 1e-6 as text."""
    if error.validator != "type" or not isinstance(error.instance, str) or "number" not in str(error.schema):
        return ""
    try:
        return f" (YAML wants a dot and a sign: {float(error.instance):.1e})"
    except ValueError:
        return ""


def _follow(rule: Mapping[str, Any], root: Mapping[str, Any]) -> Mapping[str, Any]:
    """A rule with what it refers to; what it states itself comes first."""
    reference = rule.get("$ref", "").removeprefix("#/$defs/")
    return {**root["$defs"][reference], **rule} if reference else rule
