"""Mutations of the configs and cohort files that ship: the text, and single places of what it says.

What is accepted has to say what a strict reader of YAML finds: no key twice, nothing that is not YAML 1.1's plainest,
and each value in the completed config as it was written, with the type that its schema gives.
"""

import copy
import datetime
import math
import random
import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from checkout import ROOT
from damage.cohort import CONTROL
from damage.judge import Case
from stratbench.cohorts.real import cohort_file
from stratbench.methods import registry
from stratbench.study import config as configs
from stratbench.study.study import Study

STUDIES = ("smoke", "config", "structure-small", "real-small", "real")
COHORTS = ("hs-mice", "rice44k", "hlc", "hapmap-chr10")
NAMES = r"\.yaml"
ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2.0, 0.5, 10**25, -(10**25), 1e-300, math.nan, math.inf, -math.inf, "", " ", "x", "1", "0.5", "1e-6", "null", "NaN", "a\nb", "x\n",
    "\u00e9", "a b", "../x", "$(x)", "x" * 2000, [], [None], ["x"], ["x", "x"], [[]], {}, {"x": 1}, {"method": "linear"}, {"file": "x.py"}, {"": 0}, {1: 2}, {None: 1},
    datetime.date(2024, 1, 1), datetime.datetime(2024, 1, 1, 12), b"x",
)  # fmt: skip
Place = tuple[Any, ...]


class Twice(yaml.SafeLoader):
    """As YAML says: a key stands once."""


def _mapping(loader: Twice, node: yaml.MappingNode) -> dict[Any, Any]:
    keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
    assert len(set(keys)) == len(keys), f"a key stands twice among {keys}"
    loader.flatten_mapping(node)
    return dict(loader.construct_pairs(node, deep=True))


Twice.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def places(value: Any, place: Place = ()) -> Iterator[Place]:
    """All places of a nested value but the whole."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*place, key)
        yield from places(item, (*place, key))


def at(value: Any, place: Place) -> Any:
    for key in place:
        value = value[key]
    return value


def mutations(value: Any, rng: random.Random, each: int) -> Iterator[tuple[str, Any]]:
    """One changed copy after another: an odd value at a place, a key that is absent, misspelt, moved or doubled."""
    everywhere = list(places(value))
    for odd in ODD:
        for place in rng.sample(everywhere, each):
            changed = copy.deepcopy(value)
            at(changed, place[:-1])[place[-1]] = odd
            yield f"{dotted(place)} is {str(odd)[:9]!r}", changed
    keys = [place for place in everywhere if isinstance(at(value, place[:-1]), dict)]
    for act in (absent, misspelt, in_capitals, with_a_blank, of_another, nested, listed, empty):
        for place in rng.sample(keys, each):
            changed = copy.deepcopy(value)
            act(at(changed, place[:-1]), place[-1], rng)
            yield f"{dotted(place)} is {act.__name__.replace('_', ' ')}", changed


def dotted(place: Place) -> str:
    return ".".join(map(str, place))


def absent(parent: dict[Any, Any], key: Any, rng: random.Random) -> None:
    del parent[key]


def misspelt(parent: dict[Any, Any], key: Any, rng: random.Random) -> None:
    k = rng.randrange(len(str(key)))
    parent[str(key)[:k] + str(key)[k + 1 :] + "z"] = parent.pop(key)


def in_capitals(parent: dict[Any, Any], key: Any, rng: random.Random) -> None:
    parent[str(key).upper()] = parent.pop(key)


def with_a_blank(parent: dict[Any, Any], key: Any, rng: random.Random) -> None:
    parent[f"{key} "] = parent.pop(key)


def of_another(parent: dict[Any, Any], key: Any, rng: random.Random) -> None:
    parent[key] = copy.deepcopy(parent[rng.choice(list(parent))])


def nested(parent: dict[Any, Any], key: Any, rng: random.Random) -> None:
    parent[key] = {key: parent[key]}


def listed(parent: dict[Any, Any], key: Any, rng: random.Random) -> None:
    parent[key] = [parent[key]]


def empty(parent: dict[Any, Any], key: Any, rng: random.Random) -> None:
    parent[key] = type(parent[key])() if isinstance(parent[key], dict | list | str) else None


def texts(text: str, rng: random.Random) -> Iterator[tuple[str, bytes]]:
    """What befalls the text itself."""
    data, lines = text.encode(), text.split("\n")
    for code in ("utf-16", "utf-32", "utf-7", "cp500"):
        yield f"in {code}", text.encode(code)
    yield "with a byte order mark", b"\xef\xbb\xbf" + data
    yield "with two byte order marks", b"\xef\xbb\xbf" * 2 + data
    yield "with CRLF", data.replace(b"\n", b"\r\n")
    yield "with CR", data.replace(b"\n", b"\r")
    for name, byte in (
        ("a zero byte", b"\0"),
        ("a byte of no UTF-8", b"\xff"),
        ("a bell", b"\a"),
        ("NEL", b"\xc2\x85"),
    ):
        k = rng.randrange(len(data))
        yield f"with {name}", data[:k] + byte + data[k:]
    for _ in range(6):
        yield f"cut after {(k := rng.randrange(len(data)))} bytes", data[:k]
    for _ in range(6):
        k = rng.randrange(len(lines))
        yield f"with line {k} twice", "\n".join([*lines[: k + 1], lines[k], *lines[k + 1 :]]).encode()
    for _ in range(4):
        k = rng.randrange(len(lines))
        yield f"without line {k}", "\n".join(lines[:k] + lines[k + 1 :]).encode()
    for mark in (
        "\t",
        " ",
        "  ",
        "- ",
        "? ",
        "!!python/object/apply:os.system ",
        "!!set ",
        "&a ",
        "*a ",
        "<<: ",
        "@",
        "`",
        "%",
        "[",
        "}",
        '"',
        "!x ",
    ):
        k = rng.randrange(len(lines))
        yield (
            f"with {mark!r} before line {k}",
            "\n".join([*lines[:k], mark + lines[k], *lines[k + 1 :]]).encode(),
        )
    yield "as two documents", data + b"\n---\n" + data
    yield "as a second document of nothing", data + b"\n---\n"
    yield "with a directive", b"%YAML 1.2\n---\n" + data
    yield "in a list", "\n".join(["-", *(f"  {line}" for line in lines)]).encode()
    yield "under a key", "\n".join(["config:", *(f"  {line}" for line in lines)]).encode()
    yield "as a quoted text", repr(text).encode()
    yield "empty", b""
    yield "of comments", b"# study: smoke\n"
    yield "of no mapping", b"just text\n"
    yield "of a number", b"42\n"
    yield "a page of an error", b"<!DOCTYPE html><html>404</html>\n"
    yield "with an alias of itself", data + b"\nextra: &x [*x]\n"
    yield "with a mapping of itself", b"&x\nstudy: *x\n"
    yield (
        "with aliases of aliases",
        b"a: &a [x,x,x,x,x,x,x,x,x,x]\n"
        + b"".join(
            f"{b}: &{b} [{','.join(['*' + a] * 10)}]\n".encode()
            for a, b in zip("abcdefgh", "bcdefghi", strict=True)
        ),
    )
    yield "nested deeply", b"study: " + b"[" * 3000 + b"]" * 3000
    yield "nested deeply in blocks", b"".join(b" " * k + b"a:\n" for k in range(1500))
    yield "of a million keys less", b"".join(f"k{k}: {k}\n".encode() for k in range(2000))
    yield "with a long line", data + b"# " + b"x" * 1_000_000 + b"\n"


def said(found: Any, written: Any, place: str = "config") -> None:
    """Raise AssertionError unless what was written stands in what was found, of the same type."""
    if isinstance(written, Mapping):
        assert isinstance(found, Mapping), f"{place}: {found!r} for a mapping"
        for key, value in written.items():
            below = found["options"] if key not in found and "options" in found else found
            if key not in below and "simulate" in place:
                below = found
            assert key in below, f"{place}: {key!r} is lost"
            said(below[key], value, f"{place}.{key}")
    elif isinstance(written, list):
        assert isinstance(found, list), f"{place}: {found!r} for a list"
        assert len(found) == len(written), f"{place}: {len(found)} items of {len(written)}"
        for k, (one, other) in enumerate(zip(found, written, strict=True)):
            said(one, other, f"{place}[{k}]")
    else:
        assert type(found) is type(written), f"{place}: {found!r} for {written!r}"
        assert found == written, f"{place}: {found!r} for {written!r}"


def sane(value: Any, place: str = "config") -> None:
    """Raise AssertionError for what no config may hold: numbers without end, control characters, other types."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            assert isinstance(key, str), f"{place}: the key {key!r}"
            sane(key, place)
            sane(item, f"{place}.{key}")
    elif isinstance(value, list):
        for k, item in enumerate(value):
            sane(item, f"{place}[{k}]")
    elif isinstance(value, str):
        assert not CONTROL.search(value), f"{place}: {value!r}"
    else:
        assert value is None or isinstance(value, bool | int | float), f"{place}: {value!r}"
        assert not isinstance(value, float) or math.isfinite(value), f"{place}: {value!r}"


def typed(schemas: Mapping[str, Any], options: Mapping[str, Any], place: str) -> None:
    """Raise AssertionError for a whole number that is none, or a number that is a truth value."""
    for name, value in options.items():
        types = schemas.get(name, {}).get("type", [])
        types = [types] if isinstance(types, str) else types
        if isinstance(value, bool):
            assert "boolean" in types or not types, f"{place}.{name}: {value!r}"
        if isinstance(value, float):
            assert "number" in types or not types, f"{place}.{name}: {value!r} for a whole number"


def study(path: Path) -> None:
    """A config as a run reads it. Its labels are parts of paths."""
    found = configs.load(path)
    written = yaml.load(
        path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n"), Twice
    )
    sane(written)
    said(found, written)
    kinds = {"splits": "split", "models": "model", "adjustments": "adjustment", "attributions": "attribution"}
    for section, kind in {**kinds, "associations": "association"}.items():
        for label, entry in found[section].items():
            schemas = registry.describe(kind, entry["method"], entry["file"]).options
            typed(schemas, entry["options"], f"{section}.{label}")
    for key in ("seeds", "gpu"):
        assert type(found[key]) is int, f"{key}: {found[key]!r}"
    for section in ("cohorts", "traits", *kinds):
        for label in found[section]:
            assert re.fullmatch(r"[a-z0-9.+-]{1,200}", label), f"the label {label!r}"
    counts = Study(found).counts()
    assert counts["cohorts"] > 0


def declared(path: Path) -> None:
    """A cohort file as a study reads it."""
    found = cohort_file.read(path)
    written = yaml.load(
        path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n"), Twice
    )
    sane(written)
    said(found, written)


def on(read: Callable[[Path], None], name: str, data: bytes) -> None:
    """Read a file of these bytes in the current directory, which has what configs name by relative paths."""
    Path("config").symlink_to(ROOT / "config")
    Path(name).write_bytes(data)
    read(Path(name))


def dumped(value: Any) -> bytes:
    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True).encode("utf-8", "surrogatepass")


def cases() -> Iterator[Case]:
    """Studies, then cohort files; each file has its own seed."""
    for kind, names, read in (("config", STUDIES, study), ("cohort file", COHORTS, declared)):
        folder = ROOT / ("config" if kind == "config" else "config/cohorts")
        for number, name in enumerate(names):
            text, rng = (folder / f"{name}.yaml").read_text(), random.Random(number)
            of_text = list(texts(text, rng)) if number == 0 else []
            of_value = [
                (what, dumped(value))
                for what, value in mutations(yaml.safe_load(text), rng, 1 if number else 3)
            ]
            for what, data in [*of_text, *of_value]:
                yield Case(kind, f"{name} {what}", partial(on, read, f"{name}.yaml", data), NAMES)
