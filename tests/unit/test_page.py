"""A figure and a section of the report are found: one new file each is in the page, and among the outputs."""

import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest

from stratbench.report import report
from stratbench.report.figures import catalogue as figures
from stratbench.report.text import catalogue as text

ROOT = Path(__file__).resolve().parents[2]
FIGURE = '''"""How many replicates a trait has."""

from stratbench.report import style

SECTION = "accuracy"
ORDER = 125


def pictures(study, groups):
    return [(f"added_{group.name}", group.keys) for group in groups if group.models]


def load(results, subject):
    return results.replicates(results.group(subject))


def draw(data):
    return style.message(f"The added figure counts {data}.")


def caption(results, subject):
    return f"The added caption is about {subject['trait']}."
'''
SECTION = '''"""How many groups there are."""

from stratbench.report.page import Section, Text

ORDER = 65


def build(results):
    return Section("The added section", [Text(f"It counts {len(results.groups)}.")])
'''
ASK = """
import json, sys
from pathlib import Path
sys.path[:0] = [TESTS]
from example_results import Example, make
from stratbench.core.digest import digest
from stratbench.report.figures import catalogue
from stratbench.report.figures.run import figures
from stratbench.report.report import report
from stratbench.study.study import Study
base = Path(sys.argv[1])
example = Example(traits=("control",), models=("linear",), adjustments=("none",), attributions=(), snps=60,
                  associations=(), real=False, replicates=1)
config = make(base, example)
outputs = [base / "results/example/figures" / name for name in catalogue.figure_names(Study(config))]
tables = {name: base / f"{name}.tsv" for name in ("top_snps", "known_loci")}
figures({}, {"figures": outputs, **tables}, config=config, base=base)
report({}, {"report": base / "report.html"}, config=config, base=base)
print(json.dumps({
    "package": catalogue.__file__,
    "outputs": catalogue.figure_names(Study(config)),
    "drawn": sorted(path.name for path in (base / "results/example/figures").iterdir()),
    "page": (base / "report.html").read_text(),
    "digests": {script: digest(script) for script in ("figures", "report", "metrics")},
}))
"""


@dataclass(frozen=True)
class Made:
    """What a copy of the package makes of a small study."""

    package: str
    outputs: list[str]
    drawn: list[str]
    page: str
    digests: dict[str, str]


def made(package: Path, base: Path) -> Made:
    """The figures and the page by the package of this folder."""
    base.mkdir()
    run = subprocess.run(
        [sys.executable, "-c", ASK.replace("TESTS", repr(str(ROOT / "tests"))), base],
        env={"PYTHONPATH": str(package)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    found = Made(**json.loads(run.stdout.splitlines()[-1]))
    assert found.package.startswith(str(package))
    return found


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Made, Made]:
    """The page before and after the two files were added."""
    base = tmp_path_factory.mktemp("page")
    source = base / "copy" / "src"
    shutil.copytree(ROOT / "src", source, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "workflow", source.parent / "workflow")
    before = made(source, base / "before")
    (source / "stratbench" / "report" / "figures" / "added.py").write_text(FIGURE)
    (source / "stratbench" / "report" / "text" / "motto.py").write_text(SECTION)
    return before, made(source, base / "after")


def test_a_new_file_is_a_figure_of_the_page(both: tuple[Made, Made]) -> None:
    before, after = both
    (name,) = set(after.outputs) - set(before.outputs)
    assert name.startswith("added_")
    assert set(after.drawn) - set(before.drawn) == {f"{name}.{kind}" for kind in ("svg", "pdf", "png")}
    assert "The added figure counts 1." in after.page
    assert "The added caption is about control." in after.page
    section = after.page.partition("Accuracy, with floors and ceilings</h2>")[2].partition("</h2>")[0]
    shown = re.findall(r"figures/(\w+?)_[\w-]+\.svg", section)
    assert shown == ["accuracy", "added"]  # in the section and in the place that its file declares


def test_a_new_file_is_a_section_of_the_page(both: tuple[Made, Made]) -> None:
    before, after = (re.findall(r"<h2>(.*?)</h2>", one.page) for one in both)
    place = after.index("The added section")
    assert [title for title in after if title != "The added section"] == before
    assert after[place - 1] == "Accuracy, with floors and ceilings"  # whose ORDER is the next lower one
    assert "It counts 1." in both[1].page


def test_rules_that_use_the_new_files_run_again_and_no_others(both: tuple[Made, Made]) -> None:
    before, after = (one.digests for one in both)
    assert {script for script in before if before[script] != after[script]} == {"figures", "report"}


def test_no_two_of_a_kind_share_their_place() -> None:
    for modules in (figures.modules(), text.modules()):
        orders = [module.ORDER for module in modules]
        assert len(orders) > 10  # they were found
        assert orders == sorted(set(orders))


def test_a_figure_of_a_section_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    report.require_sections()
    lost = SimpleNamespace(SECTION="acuracy", __file__="figures/lost.py")
    monkeypatch.setattr(report, "figure_modules", lambda: (*figures.modules(), lost))
    with pytest.raises(
        ValueError, match=r"figures/lost\.py: SECTION is 'acuracy', and there is no such section"
    ):
        report.require_sections()
