"""Human regions of long-range LD, which would make PCs of their own: inversions, centromeres, the MHC, lactase.

Price et al. 2008, American Journal of Human Genetics 83:132, and Weale 2010, Methods in Molecular Biology 628:19, as
the University of Michigan's Genome Analysis Wiki ("Regions of high linkage disequilibrium") lists them for builds 36
and 37, without X: 24 regions. For build 38, 17 of them are build 36's as plinkQC (inst/extdata) has lifted them; what
the lift tore apart is one span again. That list has lost 2:134.5-138 (lactase), 3:89-97.5, 5:98-100.5, 5:135.5-138.5,
11:46-57 and 12:109.5-112, and half of 6:57-64. These seven are build 37's, their ends lifted by UCSC's chain
hg19ToHg38 (each end lies in the chromosome's main chain). neurogenetics' GWAS-pipeline publishes four of them, with the
same ends.
"""

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from stratbench.core.errors import UserError
from stratbench.popgen.chromosomes import is_on

# Mb: chromosome, start, end
_HG18 = """1 48.060567 52.060567, 2 85.941853 100.407914, 2 134.382738 137.882738, 2 182.882739 189.882739, 3 47.5 50,
3 83.5 87, 3 89 97.5, 5 44.5 50.5, 5 98 100.5, 5 129 132, 5 135.5 138.5, 6 25.5 33.5, 6 57 64, 6 140 142.5,
7 55.193285 66.193285, 8 8 12, 8 43 50, 8 112 115, 10 37 43, 11 46 57, 11 87.5 90.5, 12 33 40, 12 109.521663 112.021663,
20 32 34.5"""
_HG19 = """1 48 52, 2 86 100.5, 2 134.5 138, 2 183 190, 3 47.5 50, 3 83.5 87, 3 89 97.5, 5 44.5 50.5, 5 98 100.5,
5 129 132, 5 135.5 138.5, 6 25 35, 6 57 64, 6 140 142.5, 7 55 66, 8 7 13, 8 43 50, 8 112 115, 10 37 43, 11 46 57,
11 87.5 90.5, 12 33 40, 12 109.5 112, 20 32 34.5"""
_HG38 = """1 47.761740 51.761740, 2 85.919365 100.517106, 2 133.742429 137.242430, 2 182.427027 189.427029,
3 47.483505 49.987563, 3 83.368158 86.868160, 3 88.950850 97.781156, 5 44.464140 51.168409, 5 98.664296 101.164296,
5 129.636407 132.636409, 5 136.164311 139.164311, 6 25.391792 33.424245, 6 57.135202 63.290095, 6 139.637169 142.137170,
7 54.964812 66.897578, 8 8.105067 12.105082, 8 43.025699 48.924888, 8 110.918594 113.918595, 10 36.671065 43.184546,
11 45.978449 57.232526, 11 88.127183 91.127184, 12 32.955798 41.319931, 12 109.062195 111.562196,
20 33.948532 36.438183"""

Region = tuple[str, int, int]


def _parse(table: str) -> list[Region]:
    rows = [row.split() for row in table.split(",")]
    return [(chrom, round(float(start) * 1e6), round(float(end) * 1e6)) for chrom, start, end in rows]


REGIONS = {"hg18": _parse(_HG18), "hg19": _parse(_HG19), "hg38": _parse(_HG38)}


def regions(given: str | Sequence[str]) -> list[Region]:
    """Regions of a build's name, or of texts ``chromosome:start-end``. Raises UserError for what is neither."""
    if isinstance(given, str):
        return REGIONS[given]
    found = [re.fullmatch(r"([^:]+):(\d+)-(\d+)", text) for text in given]
    for text, match in zip(given, found, strict=True):
        if match is None or int(match[2]) > int(match[3]):
            raise UserError(
                f"qc: long_range_ld: '{text}' is no region; write chromosome:start-end, as 6:25500000-33500000"
            )
    return [(match[1], int(match[2]), int(match[3])) for match in found if match]


def inside(bim: pd.DataFrame, of: Sequence[Region]) -> np.ndarray:
    """SNPs in one of these regions, ends included: bool (M,)."""
    pos_M = bim["pos"].to_numpy()
    result_M = np.zeros(len(bim), dtype=bool)
    for chrom, start, end in of:
        result_M |= is_on(bim["chrom"], chrom) & (pos_M >= start) & (pos_M <= end)
    return result_M
