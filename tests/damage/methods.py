"""Method files of a user's own that are no Python, state wrong options, or lack what their kind defines."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from checkout import ROOT
from damage.judge import Case
from stratbench.methods import registry
from stratbench.study import config as configs

NAMES = r"mine\.py|mine|json\.py|OPTIONS"
OPTIONS = 'OPTIONS = {"depth": {"type": "integer", "minimum": 1, "default": 2}}\n'
BUILD = "def build(n_snps, options):\n    return None\n"
SOUND = OPTIONS + 'CITATION = "mine"\n' + BUILD
BODIES = {
    "split": "def assign(people, options, rng):\n    return ['train'] * len(people)\n",
    "model": BUILD,
    "adjustment": "def build(options):\n    return None\n",
    "attribution": "def attribute(explain, x_BM, i_B, options):\n    return x_BM, {}\n",
    "association": "def associate(data, options):\n    return None\n",
}


def described(source: bytes, name: str = "mine.py", kind: str = "model", depth: object = None) -> None:
    """A config that names the file, as the process reads it that builds the jobs; nothing of the file runs."""
    Path(name).write_bytes(source)
    found = registry.describe(kind, "mine", name)
    assert isinstance(found.options, dict), f"OPTIONS are {found.options!r}"
    section = {"model": "models", "split": "splits"}.get(kind, f"{kind}s")
    entry = {"file": name} | ({"depth": depth} if depth is not None else {})
    block = {
        "cohorts": ["a"],
        "traits": ["t"],
        "splits": ["random"],
        "models": ["linear"],
        "attributions": [],
        "associations": [],
    }
    block[section] = ["own"]
    config = {
        "study": "mine",
        "cohorts": {"a": {"simulate": {"demography": "panmictic"}}},
        "traits": {"t": {"simulate": {}}},
        section: {"own": entry},
        "blocks": [block],
    }
    completed = configs.check(config)[section]["own"]
    expected = {key: schema["default"] for key, schema in found.options.items() if "default" in schema}
    expected |= {"depth": depth} if depth is not None else {}
    expected |= (
        {"by": [], "effect": "direct"} if kind == "attribution" else {}
    )  # options of every attribution
    assert completed["options"] == expected, f"{completed['options']} for {expected}"
    assert not Path("ran").exists(), "the file ran"


def sources() -> Iterator[tuple[str, str | bytes]]:
    """Texts of a model's file."""
    yield "sound", SOUND
    yield "that would act on import", SOUND + "from pathlib import Path\nPath('ran').touch()\n"
    yield "empty", ""
    yield "of blanks", "\n \n\t\n"
    yield "of comments", "# a model\n"
    yield "of no Python", "The model of our paper\n"
    yield "in R", "build <- function(n_snps, options) {\n  NULL\n}\n"
    yield "of Python 2", SOUND + "print 'x'\n"
    yield "of a later Python", SOUND + "type X = int\ndef f[T](x: T): ...\nx = 1 if else 2\n"
    yield "with an open bracket", SOUND + "x = (1,\n"
    yield "with an open quotation mark", SOUND + 'x = """open\n'
    yield "with tabs and blanks mixed", SOUND + "def f():\n\tx = 1\n        return x\n"
    yield "with return outside a function", SOUND + "return 1\n"
    yield "with break outside a loop", SOUND + "break\n"
    yield "with await outside a function", SOUND + "await x\n"
    yield "with a name that is global twice", SOUND + "def f(x):\n    global x\n"
    yield "cut", SOUND[:30]
    yield "in UTF-16", SOUND.encode("utf-16")
    yield "in Latin-1, undeclared", SOUND.replace("mine", "M\u00fcller").encode("latin-1")
    yield (
        "in Latin-1, declared",
        ("# -*- coding: latin-1 -*-\n" + SOUND.replace("mine", "M\u00fcller")).encode("latin-1"),
    )
    yield "in an unknown coding", "# -*- coding: klingon -*-\n" + SOUND
    yield "with a byte order mark", b"\xef\xbb\xbf" + SOUND.encode()
    yield "with a zero byte", SOUND.encode() + b"\0"
    yield "with CRLF", SOUND.replace("\n", "\r\n")
    yield "with a form feed", SOUND.replace("\ndef", "\n\f\ndef")
    yield "nested deeply", SOUND + "x = " + "(" * 5000 + ")" * 5000 + "\n"
    yield "nested deeply in lists", SOUND + "x = " + "[" * 150 + "]" * 150 + "\n"
    yield "with a long sum", SOUND + "x = " + "+".join(["1"] * 20_000) + "\n"
    yield "of two megabytes", SOUND + "# " + "x" * 2_000_000 + "\n"
    yield "of bytecode", b"\xa7\r\r\n\0\0\0\0" + b"\xe3" * 40
    yield "a notebook", '{"cells": [{"cell_type": "code", "source": ["OPTIONS = {}"]}]}'
    yield "without OPTIONS", 'CITATION = ""\n' + BUILD
    yield "without CITATION", OPTIONS + BUILD
    yield "without a function", OPTIONS + 'CITATION = ""\n'
    for name, text in {
        "computed": "OPTIONS = dict(depth={'type': 'integer', 'default': 2})",
        "of names": "N = 2\nOPTIONS = {'depth': {'type': 'integer', 'default': N}}",
        "of a sum": "OPTIONS = {'depth': {'type': 'integer', 'default': 1 + 1}}",
        "with a comprehension": "OPTIONS = {k: {'default': 1} for k in 'ab'}",
        "with an f-string": "OPTIONS = {f'depth': {'default': 1}}",
        "merged": "OPTIONS = {'a': {'default': 1}} | {'b': {'default': 2}}",
        "annotated": "OPTIONS: dict = {'depth': {'type': 'integer', 'default': 2}}",
        "annotated alone": "OPTIONS: dict",
        "in a tuple": "OPTIONS, X = {}, 1",
        "in capitals and small letters": "Options = {}",
        "stated twice": "OPTIONS = {}\nOPTIONS = {'depth': {'default': 1}}",
        "changed after": "OPTIONS = {}\nOPTIONS['depth'] = {'default': 1}",
        "added to": "OPTIONS = {}\nOPTIONS |= {'depth': {'default': 1}}",
        "in a branch": "if True:\n    OPTIONS = {}",
        "None": "OPTIONS = None",
        "a list": "OPTIONS = ['depth']",
        "a set": "OPTIONS = {'depth'}",
        "text": "OPTIONS = 'depth'",
        "a number": "OPTIONS = 3",
        "with an unhashable key": "OPTIONS = {[]: {'default': 1}}",
        "with a number for a key": "OPTIONS = {1: {'default': 1}}",
        "with a blank in a key": "OPTIONS = {'my depth': {'default': 1}}",
        "with an empty key": "OPTIONS = {'': {'default': 1}}",
        "with the key method": "OPTIONS = {'method': {'default': 1}}",
        "with the key file": "OPTIONS = {'file': {'default': 1}}",
        "with a value for a schema": "OPTIONS = {'depth': 2}",
        "with None for a schema": "OPTIONS = {'depth': None}",
        "with true for a schema": "OPTIONS = {'depth': True}",
        "with a type for a schema": "OPTIONS = {'depth': 'integer'}",
        "with a list for a schema": "OPTIONS = {'depth': [1, 2]}",
        "with the type int": "OPTIONS = {'depth': {'type': 'int', 'default': 2}}",
        "with a type that is a number": "OPTIONS = {'depth': {'type': 7, 'default': 2}}",
        "with a minimum of text": "OPTIONS = {'depth': {'type': 'integer', 'minimum': '1', 'default': 2}}",
        "with an enum that is text": "OPTIONS = {'depth': {'enum': 'ab', 'default': 'a'}}",
        "with a pattern of no sense": "OPTIONS = {'depth': {'type': 'string', 'pattern': '[', 'default': 'a'}}",
        "with multiples of zero": "OPTIONS = {'depth': {'type': 'integer', 'multipleOf': 0, 'default': 2}}",
        "with a reference": "OPTIONS = {'depth': {'$ref': '#/$defs/depth', 'default': 2}}",
        "with a reference elsewhere": "OPTIONS = {'depth': {'$ref': 'http://127.0.0.1:1/x', 'default': 2}}",
        "with a misspelt word": "OPTIONS = {'depth': {'typ': 'integer', 'default': 2}}",
        "with a default of another type": "OPTIONS = {'depth': {'type': 'integer', 'default': '2'}}",
        "with a default of 2.5": "OPTIONS = {'depth': {'type': 'integer', 'default': 2.5}}",
        "with a default out of range": "OPTIONS = {'depth': {'type': 'integer', 'minimum': 3, 'default': 2}}",
        "with a default that is no choice": "OPTIONS = {'depth': {'enum': ['a', 'b'], 'default': 'c'}}",
        "with the default None": "OPTIONS = {'depth': {'type': 'integer', 'default': None}}",
        "with an infinite default": "OPTIONS = {'depth': {'type': 'number', 'default': 1e999}}",
        "with a complex default": "OPTIONS = {'depth': {'default': 2j}}",
        "with a default of bytes": "OPTIONS = {'depth': {'default': b'x'}}",
        "with a default that is a set": "OPTIONS = {'depth': {'default': {1, 2}}}",
        "with a default that is a tuple": "OPTIONS = {'depth': {'type': 'array', 'default': (1, 2)}}",
        "with a default of a huge number": "OPTIONS = {'depth': {'type': 'integer', 'default': "
        + "9" * 5000
        + "}}",
        "with 500 options": "OPTIONS = {"
        + ", ".join(f"'o{k}': {{'default': {k}}}" for k in range(500))
        + "}",
        "with letters beyond ASCII": "OPTIONS = {'tiefe_\u00e4': {'default': 1}}",
        "with a nested default": "OPTIONS = {'depth': {'type': 'object', 'default': {'a': [1, {'b': None}]}}}",
    }.items():
        yield f"with OPTIONS {name}", text + '\nCITATION = ""\n' + BUILD
    for name, text in {
        "None": "None",
        "a list": "['x']",
        "computed": "'a' + 'b'",
        "bytes": "b'x'",
        "joined": "'a' 'b'",
        "of lines": "'''a\nb'''",
    }.items():
        yield f"with CITATION {name}", OPTIONS + f"CITATION = {text}\n" + BUILD
    for name, text in {
        "without arguments": "def build():\n    pass",
        "of one argument": "def build(options):\n    pass",
        "of three arguments": "def build(n, options, more):\n    pass",
        "of a third with a default": "def build(n, options, more=1):\n    pass",
        "of any arguments": "def build(*args, **kwargs):\n    pass",
        "by name alone": "def build(*, n_snps, options):\n    pass",
        "with a name that must be given": "def build(n, options, *, more):\n    pass",
        "in another spelling": "def Build(n, options):\n    pass",
        "in a class": "class Model:\n    def built(self, n, options):\n        pass",
        "imported": "from stratbench.models.methods.linear import build",
        "imported wholly": "from stratbench.models.methods.linear import *",
        "assigned": "build = lambda n, options: None",
        "in a branch": "try:\n    import torch\nexcept ImportError:\n    torch = None\nif torch is None:\n    def build(n, options):\n        pass",
        "async": "async def build(n, options):\n    pass",
        "deleted": "def build(n, options):\n    pass\ndel build",
        "a number": "build = 3",
    }.items():
        yield f"with build {name}", OPTIONS + 'CITATION = ""\n' + text + "\n"


def cases() -> Iterator[Case]:
    for name, source in sources():
        data = source if isinstance(source, bytes) else source.encode()
        yield Case("method source", name, partial(described, data), NAMES)
    for kind in BODIES:
        for other, wrong in BODIES.items():
            source = (OPTIONS + 'CITATION = ""\n' + wrong).encode()
            yield Case("method source", f"{other} as {kind}", partial(described, source, kind=kind), NAMES)
    for name in (
        "mine.txt",
        "mine",
        "mine.py.bak",
        "mine.ipynb",
        "json.py",
        "my mine.py",
        "mine-2.py",
        "mine.PY",
        "1mine.py",
        "m\u00efne.py",
        "__init__.py",
    ):
        yield Case("method source", f"in {name}", partial(described, SOUND.encode(), name), r"m.ne|json|init")
    for depth in (0, -1, 1, 10**20, 2.0, 2.5, "2", True, [2], {"a": 1}, float("nan"), float("inf")):
        yield Case(
            "method source",
            f"given the depth {depth!r}",
            partial(described, SOUND.encode(), depth=depth),
            "depth",
        )
    for file in (
        "",
        ".",
        "absent.py",
        "a\0b.py",
        "x" * 300 + ".py",
        "mine.py\n",
        "mine.py ",
        "/dev/null",
        "~/mine.py",
        str(ROOT),
    ):
        yield Case("method source", f"at {file[:12]!r}", partial(elsewhere, file), r"model 'mine'")


def elsewhere(file: str) -> None:
    """A method file that is not where the config says."""
    registry.describe("model", "mine", file)
    raise AssertionError(f"{file!r} is a method")
