"""A method file of a user's own that breaks its contract: the line names file, function, what came, what is asked."""

import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from damage.others import ASSOCIATION, COALESCENT, SPLIT, associated, parted, simulated
from damage.trained import ADJUSTMENT, ATTRIBUTION, MODEL, explained, fitted
from stratbench.core import job
from stratbench.core.errors import MethodError, UserError
from stratbench.methods import registry

WRONG = [
    (fitted, MODEL, "def build(n_snps, options):\n", "def build(n_snps, options):\n    1 / 0\n",
     r"^mine\.py:24: in build: ZeroDivisionError: division by zero"),
    (fitted, MODEL, "return nn.Dense(1)(h_BF)[:, 0]", "return nn.Dense(1)(h_BF)",
     r"^mine\.py: head\.apply\(variables, z, train=True\), for 3 individuals, returned an array of float32, shape "
     r"\(3, 1\); wanted: float32 \(3,\) \(docs/contracts\.md\)"),
    (fitted, MODEL, "optax.sgd,", "optax.sgd(0.1),",
     r"^mine\.py: build: recipe\.optimizer returned .*; wanted: a function from a learning rate to an"),
    (fitted, MODEL, '"standardised", recipe', '"standardised", recipe, solve=3',
     r"^mine\.py: build: solve returned 3; wanted: None, or a function of the problem"),
    (fitted, MODEL, '"standardised", recipe', '"standardised", recipe, solve=lambda problem: {"encoder": {}}',
     r"^mine\.py: solve returned .*; wanted: the parameters of encoder and head, with the names and shapes that"),
    (fitted, ADJUSTMENT, "context.pcs_NK})", 'context.pcs_NK[context.sets["train"]]})',
     r"^mine\.py: fit: rows returned an array of float32, shape \(35, 3\); wanted: a row for each of 48 individuals"),
    (fitted, ADJUSTMENT, 'state.rows["pcs"][batch.i_B, 0]', 'state.rows["pcs"][batch.i_B, :1]',
     r"^mine\.py: offset returned an array of float32, shape \(35, 1\); wanted: numbers, shape \(35,\)"),
    (fitted, ADJUSTMENT, '        return {"w"', '        context = 1\n        return {"v": absent, "w"',
     r"^mine\.py:17: in init: NameError: name 'absent' is not defined"),
    (fitted, ADJUSTMENT, "features, penalty)", "features, penalty, loss=lambda s, p, scored, b: scored.loss_B)",
     r"^mine\.py: loss returned an array of float32, shape \(35,\); wanted: a pair: the loss, and the fitted state"),
    (fitted, ADJUSTMENT, "features, penalty)", "features, penalty, loss=lambda s, p, x, b: (x.loss_B, s.fitted))",
     r"^mine\.py: loss returned an array of float32, shape \(35,\); wanted: numbers, one number"),
    (fitted, ADJUSTMENT, "features, penalty)", "features, penalty, finish=lambda c, s, r: State({}, {'u': r}))",
     r"^mine\.py: finish: rows returned an array of float64, shape \(35,\); wanted: a row for each of 48 individuals"),
    (fitted, ADJUSTMENT, "features, penalty)", "features, penalty, per_seed=1)",
     r"^mine\.py: build: per_seed returned 1; wanted: True or False"),
    (explained, ATTRIBUTION, 'options["times"] * x_BM', "x_BM.mean(axis=1, keepdims=True)",
     r"^mine\.py: attribute returned an array of float32, shape \(32, 1\); wanted: attributions of the inputs' shape "
     r"\(32, 21\), and a dict of figures"),
    (explained, ATTRIBUTION, 'options["times"] * x_BM', "x_BM.at[0, 3].set(jnp.nan)",
     r"^mine\.py: attribute returned 1 of 672 values that are NaN or infinite; wanted: numbers"),
    (associated, ASSOCIATION, "return table", 'return table.assign(p=7.5)',
     r"^mine\.py: associate returned p 7\.5 for SNP s0001; wanted: p: from 0 to 1"),
    (associated, ASSOCIATION, "return table", "data.y_N[:] = 0\n    return table",
     r"^mine\.py:10: in associate: ValueError: assignment destination is read-only$"),
    (parted, SPLIT, "return sets", 'return np.where(sets == "test", "tset", sets)',
     r"^mine\.py: assign returned 'tset'; wanted: for each of 20 individuals train, validation, test or ''"),
    (parted, SPLIT, "    sets =", "    people.sort_values('population', ascending=False, inplace=True)\n    sets =",
     r"^mine\.py: assign\(people, options, rng\) changes the rows of its table; let it work on a copy$"),
    (simulated, COALESCENT, '"pop_0": 3', '"pop_9": 3',
     r"^mine\.py: demography returned the populations pop_0, pop_1; wanted: the population 'pop_9' of"),
    (simulated, COALESCENT, '"depth"', '"iid"', r"^mine\.py: columns returned a column of the name 'iid'; wanted"),
]  # fmt: skip


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory in which the method is mine.py."""
    (tmp_path / "case").mkdir()
    monkeypatch.chdir(tmp_path / "case")
    return tmp_path / "case"


@pytest.mark.parametrize(
    ("run", "source", "old", "new", "message"), WRONG, ids=[case[4][:60] for case in WRONG]
)
def test_what_breaks_the_contract_is_told_by_function(here: Path, run, source, old, new, message) -> None:
    assert old in source
    kinds = {id(MODEL): "model", id(ADJUSTMENT): "adjustment", id(ATTRIBUTION): "attribution"}
    kind = [kinds[id(source)]] if id(source) in kinds else []
    with pytest.raises(MethodError, match=message):
        run(source.replace(old, new, 1), *kind)


def test_the_log_has_the_traceback_of_what_a_method_raised_and_the_screen_a_line(here: Path) -> None:
    Path("mine.py").write_text(SPLIT.replace("    sets =", "    people['batch']\n    sets ="))
    with (
        pytest.raises(SystemExit) as end,
        job.start(SimpleNamespace(log=["log"], rule="split", input={}, output={}, params={})),
    ):
        parted(Path("mine.py").read_text())
    assert str(end.value).startswith("split: mine.py:8: in assign: KeyError: 'batch'")
    assert "Traceback" in Path("log").read_text()


def test_two_files_of_one_name_are_two_modules(here: Path) -> None:
    """Neither is the standard library's module of that name, and dataclasses find their own module."""
    for folder, value in (("one", 1), ("two", 2)):
        Path(folder).mkdir()
        text = (
            SPLIT
            + "\n\nimport dataclasses\n\n\n@dataclasses.dataclass\nclass C:\n    x: 'int' = 0\n\n\n"
            + f"VALUE = C({value}).x\n"
        )
        (Path(folder) / "json.py").write_text(text)
    one, two = (registry.load("split", "json", f"{folder}/json.py") for folder in ("one", "two"))
    assert (one.VALUE, two.VALUE) == (1, 2)
    assert sys.modules["json"].dumps({}) == "{}"


@pytest.mark.parametrize("kind", registry.FOLDERS)
def test_every_shipped_method_keeps_the_rules_of_a_users_file(kind: str, here: Path) -> None:
    for name in registry.names(kind):
        shutil.copy(registry.find(kind, name), "mine.py")
        described = registry.describe(kind, "mine", "mine.py")
        assert described.options == registry.describe(kind, name).options


def test_a_config_that_names_a_method_file_runs_nothing_of_it(here: Path) -> None:
    Path("mine.py").write_text(MODEL + "\nopen('ran', 'w')\n")
    code = "from stratbench.methods import registry; registry.describe('model', 'mine', 'mine.py')"
    subprocess.run([sys.executable, "-c", code], check=True)
    assert not Path("ran").exists()
    Path("mine.py").write_bytes(b"\xff\xfe")
    with pytest.raises(UserError, match=r"mine\.py:1: "):
        registry.describe("model", "mine", "mine.py")
