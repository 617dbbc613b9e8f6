"""The generated parts of adjustments.md: ``python docs/adjustments.py`` makes them anew from the method files."""

import json
from pathlib import Path
from typing import Any

from stratbench.methods import registry

PAGE = Path(__file__).resolve().parent / "adjustments.md"
FAILURE = "Known failure: "


def paragraphs(module: Any) -> list[str]:
    """The paragraphs of a module's docstring, each in one line."""
    return [" ".join(part.split()) for part in module.__doc__.split("\n\n")]


def failure(module: Any) -> str:
    """What a method's docstring says that it fails at."""
    (found,) = [part for part in paragraphs(module) if part.startswith(FAILURE)]
    text = found.removeprefix(FAILURE).replace("``", "`")
    return text[0].upper() + text[1:]


def options(described: registry.Method) -> str:
    """A method's options with their defaults."""
    return ", ".join(
        f"`{name}` {json.dumps(schema['default'])}" for name, schema in described.options.items()
    )


def parts() -> dict[str, str]:
    """The generated parts of the page by their names."""
    table = ["| adjustment | what it does | acts on | options | source |", "|---|---|---|---|---|"]
    failures, at_test = [], []
    for name in registry.names("adjustment"):
        module, described = registry.load("adjustment", name), registry.describe("adjustment", name)
        defaults = {key: schema["default"] for key, schema in described.options.items()}
        places = sorted(place.replace("_", " ") for place in module.build(defaults).places)
        what = paragraphs(module)[0].replace("``", "`").replace("|", "\\|")
        acts = ", ".join(places) or "nothing"
        table.append(f"| `{name}` | {what} | {acts} | {options(described)} | {described.citation} |")
        failures.append(f"- `{name}`: {failure(module)}")
        if getattr(module, "READS_LABELS_AT_TEST", False):
            at_test.append(f"`{name}`")
    said = (
        f"Of the adjustments that ship, {', '.join(at_test)} reads the population labels of test individuals."
    )
    found = {"table": table, "failures": failures, "labels": [said]}
    return {name: "\n".join(lines) + "\n" for name, lines in found.items()}


def page(text: str) -> str:
    """The page with its generated parts made anew."""
    for name, part in parts().items():
        begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->\n"
        before, _, rest = text.partition(begin)
        _, _, after = rest.partition(end)
        text = f"{before}{begin}{part}{end}{after}"
    return text


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text()))
