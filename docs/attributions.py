"""The table of hand-built networks in attributions.md: ``python docs/attributions.py`` makes it anew."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests"))

from hand_built import BACKGROUNDS, NETWORKS, OF_NETWORKS, judged  # noqa: E402

PAGE = HERE / "attributions.md"
BEGIN, END = "<!-- hand-built: begin -->\n", "<!-- hand-built: end -->\n"


def table() -> str:
    """A line for each attribution, a column for each network and background."""
    columns = [(network, background) for network in NETWORKS for background in BACKGROUNDS]
    head = ["attribution", *(f"{network}, {background}" for network, background in columns)]
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for name in OF_NETWORKS:
        cells = [judged(name, network, background) for network, background in columns]
        lines.append(f"| `{name}` | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def page(text: str) -> str:
    """The page with its table made anew."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}{table()}{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text()))
