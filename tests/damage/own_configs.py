"""Short configs that are wrong, odd, or right in an unusual way, over sound files."""

import copy
import math
from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from typing import Any

from damage.cohort import CONFIG, SOUND, through
from damage.judge import Case

NAMES = r"mine\.yaml|cohort|study|seeds|gpu|config|x\.|splits|models|adjustments|attributions|associations|label|no such file"
ODD: tuple[Any, ...] = (
    None, True, 0, -1, 2.0, 10**30, math.nan, math.inf, "", " ", "x", "score", [], ["score"], {}, {"score": 1}, [[]],
    date(2024, 1, 1), b"x", "a\nb", "\u0000", "score ", "../x", "~", "$HOME", "x" * 5000,
)  # fmt: skip
KEYS = (
    "bfile", "phenotypes", "id", "trait", "kind", "population", "family", "covariates", "missing", "build", "autosomes", "mating", "qc",
)  # fmt: skip


def cases() -> Iterator[Case]:
    """Every key with values of every type, and configs of one's own making."""
    for name, change in changes():
        config = copy.deepcopy(CONFIG)
        changed = change(config)
        yield Case("own config", name, partial(through, SOUND, config if changed is None else changed), NAMES)


def put(key: str, value: Any) -> Callable[[Any], None]:
    return lambda config: config["cohort"].update({key: value})


def top(key: str, value: Any) -> Callable[[Any], None]:
    return lambda config: config.update({key: value})


def changes() -> Iterator[tuple[str, Callable[[Any], Any]]]:
    for number, key in enumerate(KEYS):
        for value in ODD[number % 3 :: 3]:
            yield f"cohort.{key} is {str(value)[:9]!r}", put(key, value)
    for number, key in enumerate(
        ("study", "seeds", "gpu", "models", "splits", "cohort", "adjustments", "blocks", 7, None, "")
    ):
        for value in ODD[number % 4 :: 4]:
            yield f"{key} is {str(value)[:9]!r}", top(key, value)
    for value in ODD:
        if not isinstance(value, dict):
            yield f"{str(value)[:9]!r} in place of a config", lambda config, value=value: value
    for key in KEYS:
        number = KEYS.index(key)
        for near in (key.upper(), f"{key}s", f" {key}", key[:-1], f"{key}\n")[number % 5 :: 3]:
            yield (
                f"the key {near!r}",
                lambda config, key=key, near=near: config["cohort"].update(
                    {near: config["cohort"].pop(key, "score")}
                ),
            )
    for bfile in (
        "./x",
        "x.bed",
        "x.BIM",
        "x.",
        "x.fam.fam",
        "x.tsv",
        "nowhere/x",
        "x/",
        "x*",
        "[x]",
        "x\u200b",
    ):
        yield f"the prefix {bfile!a}", put("bfile", bfile)
    for missing in (
        ["0"],
        ["north"],
        [0],
        ["NA", "NA"],
        [""],
        ["7.5"],
        ["i3"],
        [None],
        "NA",
        ["NA", ["x"]],
        ["10.0"],
    ):
        yield f"missing {missing}", put("missing", missing)
    for covariates in (
        ["age", "age"], ["score"], ["sex"], ["sex", "age", "batch"], ["AGE"], {"age": "categorical"}, {"batch": "numeric"}, {"age": "number"},
        {"sex": "numeric"}, ["region"], ["IID"], ["case"], [], [1], {"age": None}, ["age", None], {"age": {"kind": "numeric"}},
    ):  # fmt: skip
        yield f"covariates {covariates}", put("covariates", covariates)
    for qc in (
        {"maf": 2},
        {"maf": "0.05"},
        {"mafs": 0.05},
        {"maf": None},
        {"maf": math.nan},
        {"thin": 50},
        {"thin": 0},
        {"thin": 2.0},
        {"hwe": -1},
        {"mind": True},
        {"populations": "called"},
        {"geno": [0.1]},
    ):
        yield f"qc {qc}", put("qc", qc)
    for pair in (
        {"id": ["f", "IID"]},
        {"id": ["IID", "IID"]},
        {"id": "score"},
        {"id": "age"},
        {"id": ["IID"]},
        {"id": "region"},
    ):
        yield f"{pair}", lambda config, pair=pair: config["cohort"].update(pair)
    yield (
        "the trait of the .fam",
        lambda config: (
            [config["cohort"].pop(k) for k in ("trait", "phenotypes", "population", "covariates")] and None
        ),
    )
    yield "families by fid", put("family", "fid")
    yield "families by parents", put("family", "parents")
    yield "families by region", put("family", "region")
    yield "families by score", put("family", "score")
    yield "populations by fid", put("population", "fid")
    yield "populations by trait", put("population", "score")
    yield "populations by batch", put("population", "batch")
    yield "no populations", put("population", None)
    yield "hg19", put("build", "hg19")
    yield "hg18 and 30 autosomes", lambda config: config["cohort"].update(build="hg18", autosomes=30)
    yield "one autosome", put("autosomes", 1)
    yield "inbred", put("mating", "inbred")
    yield "a pedigree", put("mating", "pedigree")
    yield "stated quantitative", put("kind", "quantitative")
    yield "stated binary", put("kind", "binary")
    yield "a case, stated binary", lambda config: config["cohort"].update(trait="case", kind="binary")
    yield (
        "a case, stated quantitative",
        lambda config: config["cohort"].update(trait="case", kind="quantitative"),
    )
    for section in ("splits", "models", "adjustments", "attributions", "associations"):
        for value in (
            ["none"],
            ["lineer"],
            [],
            [None],
            {"mine": {}},
            {"mine": None},
            {"a+b": {"method": "linear"}},
            {"mine": {"method": "../../x"}},
            ["linear", "linear"],
        ):
            yield f"{section} {value}", top(section, value)
    yield "a study of capitals", top("study", "Mine")
    yield "a study that climbs", top("study", "../mine")
    yield "a study that ends in a line", top("study", "mine\n")
    yield "a study of 300 letters", top("study", "m" * 300)
    yield "a number for a study", top("study", 5)
    yield "seeds 3", top("seeds", 3)
    yield "seeds of a billion", top("seeds", 10**9)
    yield "seeds as text", top("seeds", "2")
    yield "seeds true", top("seeds", True)
