"""The report: one HTML file that needs nothing but itself."""

import html
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from stratbench.core import files, job
from stratbench.core.errors import damaged
from stratbench.report.analysis.results import Results
from stratbench.report.figures.catalogue import modules as figure_modules
from stratbench.report.style import study_colours
from stratbench.report.text import catalogue
from stratbench.report.text._parts import images
from stratbench.report.text.answer import answer
from stratbench.study.study import Study

TAG = re.compile(r"<[^<>]*>")
TEMPLATES = Path(__file__).parent / "templates"
QUESTION = (
    "When a deep network is trained on SNP genotypes, how much of what it learns is ancestry and relatedness "
    "instead of biology, and which correction removes that shortcut at what price?"
)


def report(
    inputs: Mapping[str, Any],
    outputs: Mapping[str, Any],
    *,
    config: Mapping[str, Any],
    base: str | Path = ".",
) -> None:
    """Write a study's report from its tables and figures.

    Args:
        inputs: the files that the rule waits for. They are not used, because the tables and figures are found by the
            study's paths below ``base``.
        outputs: the path ``report``.
        config: the whole config, checked.
        base: the folder that holds ``results``.

    Raises:
        UserError: if a table or a figure is absent or damaged.
        ValueError: if a figure names a section that does not exist.
    """
    require_sections()
    study = Study(config)
    results = Results(study, base)
    job.say("words and tables")
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True,
        undefined=jinja2.StrictUndefined, keep_trailing_newline=True,
    )  # fmt: skip
    environment.filters["links"] = links
    drawn = results.base / results.paths.figures
    environment.globals["svg"] = lambda name, text: inline(drawn / f"{name}.svg", name, text)
    used = {fit.adjustment for fit in study.fits}
    page = environment.get_template("report.html.j2").render(
        study=study.name,
        question=QUESTION,
        answer=answer(results),
        headline=images(results, "answer", "headline"),
        sections=catalogue.sections(results),
        colours={name: colour for name, colour in study_colours(study).items() if name in used},
    )
    files.write_text(page, outputs["report"])
    job.say(f"{len(page) / 1e6:.1f} MB")


def require_sections() -> None:
    """Raise ValueError if a figure names a section that does not exist, because the page would not show it."""
    names = {module.__name__.rpartition(".")[2] for module in catalogue.modules()} | {"answer"}
    for figure in figure_modules():
        if figure.SECTION not in names:
            raise ValueError(
                f"{figure.__file__}: SECTION is '{figure.SECTION}', and there is no such section in "
                f"{catalogue.FOLDER}: name one of {', '.join(sorted(names))}"
            )


def inline(path: Path, name: str, text: str) -> Any:
    """Make an SVG file part of the page, with ids that no other figure has and a description for screen readers.

    Raises UserError for a file that is cut or damaged.
    """
    svg = "\n".join(files.read_lines(path))
    if "<svg" not in svg or not svg.endswith("</svg>"):
        raise damaged(path, "is no whole SVG")
    svg = svg[svg.index("<svg") :] + "\n"
    svg = TAG.sub(lambda tag: _with_own_ids(tag[0], name), svg)
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.S)
    found = re.search(r'\bwidth="([\d.]+)pt"', svg)
    assert found is not None, f"{path} states no width"
    width = float(found.group(1))  # in points: a CSS pixel is 3/4 of one; narrower screens scroll
    opening = (
        f'<svg role="img" aria-label="{html.escape(text, quote=True)}" '
        f'style="width:{width * 4 / 3:.0f}px;min-width:{width:.0f}px"'
    )
    svg = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", svg, count=1)
    svg = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", svg, count=1)
    return Markup(svg.replace("<svg", opening, 1))


def _with_own_ids(tag: str, prefix: str) -> str:
    """A tag whose ids, and what refers to ids, begin with the prefix; text between tags stays as it is."""
    tag = re.sub(r'\bid="', f'id="{prefix}-', tag)
    return re.sub(r'((?:xlink:)?href="|url\()#', rf"\1#{prefix}-", tag)


def links(text: str) -> Any:
    """Turn the web addresses in a text into links, and keep the line from breaking within 'n = 3'."""
    text = text.replace("n = ", "n\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}")
    parts = re.split(r"(https?://[^\s<>\"]*[^\s<>\".,;)])", text)
    made = [
        f'<a href="{html.escape(part)}">{html.escape(part)}</a>' if position % 2 else html.escape(part)
        for position, part in enumerate(parts)
    ]
    return Markup("".join(made))
