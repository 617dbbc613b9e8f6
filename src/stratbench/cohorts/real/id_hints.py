"""Why ids of a table and of a .fam do not meet: case, blanks, zeros, FID and IID in one, or a prefix of one side."""

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import pandas as pd

from stratbench.core import decimals

Way = Callable[[str], str]
LOOKED_AT = 20  # ids in which a common prefix or suffix is looked for
LEAST_COMMON = 2  # ids that a prefix or suffix must explain


def hint(own: Sequence[str], theirs: Sequence[str], fam: pd.DataFrame) -> str:
    """A clause about how ids of a table that match nobody differ from ids without a row; blank if it is not seen.

    ``own`` and ``theirs`` are those ids, of the table and of the .fam: an iid, or fid and iid with a blank between.
    ``fam`` is the whole .fam.
    """
    found = [*_alike(own, theirs), *_composed(own, theirs, fam), *_longer(own, theirs)]
    count, words = max(found, key=lambda one: one[0], default=(0, ""))
    return words if count else ""


def _alike(own: Sequence[str], theirs: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Ways to write an id under which some become the same: (how many, in words)."""
    ways: dict[str, Way] = {
        "upper and lower case": str.casefold,
        "blanks or signs that cannot be seen": _visible,
        "leading zeros": lambda text: " ".join(part.lstrip("0") for part in text.split(" ")),
        "how a spreadsheet writes numbers (.0 at the end, or an exponent)": _number,
    }
    for words, way in ways.items():
        ours, others = ({way(text): text for text in ids} for ids in (own, theirs))
        shared = [key for key in ours if key in others]
        if shared:
            yield (
                len(shared),
                f"{len(shared)} differ in {words}: '{ours[shared[0]]}' and '{others[shared[0]]}'",
            )


def _visible(text: str) -> str:
    return "".join(sign for sign in unicodedata.normalize("NFKC", text) if sign.isprintable() and sign != " ")


def _number(text: str) -> str:
    return " ".join(
        part if value != value else f"{value:.0f}"
        for part, value in zip(text.split(" "), decimals.read(text.split(" ")), strict=True)
    )


def _composed(own: Sequence[str], theirs: Sequence[str], fam: pd.DataFrame) -> Iterator[tuple[int, str]]:
    """Ids made of FID and IID on one side alone: (how many, in words)."""
    ours, others, fids = set(own), set(theirs), fam["fid"]
    for sign in "_-:":
        pasted = len(ours & set(fids + sign + fam["iid"]))
        doubled = len({f"{text}{sign}{text}" for text in ours} & others)
        yield pasted, f"{pasted} of the table are the .fam's FID{sign}IID"
        yield doubled, f"{doubled} of the .fam are the table's id twice, as in ID{sign}ID"
    one_part = not any(" " in text for text in ours)
    of_families = len(ours & set(fids)) if one_part else 0
    yield of_families, f"{of_families} of the table are FIDs of the .fam"
    iids = 0 if one_part else len({text.partition(" ")[2] for text in ours} & set(fam["iid"]))
    yield iids, f"{iids} have the .fam's IID and another FID; give the column of IIDs alone as id"


def _longer(own: Sequence[str], theirs: Sequence[str]) -> Iterator[tuple[int, str]]:
    """A prefix or suffix that one side alone has: (how many ids it explains, in words)."""
    for longer, shorter, side in ((own, theirs, "table"), (theirs, own, ".fam")):
        known, least = set(shorter), max(LEAST_COMMON, min(len(own), len(theirs)) // 2)
        cuts = [(text[:k], text[k:]) for text in longer[:LOOKED_AT] for k in range(1, len(text))]
        before = Counter(head for head, tail in cuts if tail in known)
        after = Counter(tail for head, tail in cuts if head in known)
        for prefix, _ in before.most_common(1):
            count = sum(text.startswith(prefix) and text.removeprefix(prefix) in known for text in longer)
            if count >= least:
                yield count, f"{count} of the {side} begin with '{prefix}', which the others lack"
        for suffix, _ in after.most_common(1):
            count = sum(text.endswith(suffix) and text.removesuffix(suffix) in known for text in longer)
            if count >= least:
                yield count, f"{count} of the {side} end in '{suffix}', which the others lack"
