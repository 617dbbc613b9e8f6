"""The parts of a section of the report. A section says what to show; the template says how it looks."""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Text:
    """A paragraph. With ``strong``, its first words in bold."""

    text: str
    strong: str = ""
    block: str = field(default="text", init=False)


@dataclass(frozen=True)
class Listing:
    """A list of texts."""

    items: Sequence[Text]
    block: str = field(default="listing", init=False)


@dataclass(frozen=True)
class Heading:
    """A heading within a section."""

    text: str
    block: str = field(default="heading", init=False)


@dataclass(frozen=True)
class Table:
    """Rows of text; the first column names the row. ``caption`` says what the numbers are."""

    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    block: str = field(default="table", init=False)


@dataclass(frozen=True)
class Image:
    """A picture of the study: the name of its file, its caption, and the name of its figure."""

    name: str
    caption: str
    figure: str
    block: str = field(default="image", init=False)


@dataclass(frozen=True)
class Terms:
    """Terms and what they mean."""

    pairs: Sequence[tuple[str, str]]
    block: str = field(default="terms", init=False)


@dataclass(frozen=True)
class Code:
    """Preformatted text, folded away under a title."""

    title: str
    text: str
    block: str = field(default="code", init=False)


Block = Code | Text | Listing | Heading | Table | Image | Terms


@dataclass(frozen=True)
class Section:
    """A part of the page under a title, which the table of contents names."""

    title: str
    blocks: Sequence[Block]

    @property
    def anchor(self) -> str:
        return "-".join(self.title.lower().replace(",", "").split())
