"""A1 counts of a PLINK fileset from outside, read by pandas-plink, a chunk of SNPs at a time."""

from collections.abc import Iterator, Mapping
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np

from stratbench.genotypes import plink

CELLS = 8_000_000  # genotypes in memory at once: float32 in pandas-plink, copied twice


class FilesetDosages:
    """All ``n`` individuals at all ``m`` SNPs of a fileset; nothing is read before ``chunks``.

    ``files`` are the paths of ``bed``, ``bim`` and ``fam``, by these names. The class yields what ``dosages.Dosages``
    yields, so that readers of ``dosages.DosageChunks`` take either. Raises UserError if the three files do not fit
    together.
    """

    def __init__(self, files: Mapping[str, Any], n: int, m: int, cells: int = CELLS) -> None:
        from pandas_plink import Chunk, read_plink1_bin

        bed, bim, fam = (Path(files[end]) for end in ("bed", "bim", "fam"))
        plink.open_bed(bed, n, m)
        self.n, self.m = n, m
        self.size = max(1, min(m, cells // max(n, 1)))
        chunk = Chunk(nsamples=None, nvariants=self.size)
        with redirect_stderr(StringIO()):  # pandas-plink draws a progress bar there
            # pandas-plink calls column five of the .bim a0, so ref="a0" counts our A1 (tested with plink2).
            array = read_plink1_bin(bed, bim, fam, verbose=False, ref="a0", chunk=chunk)
        self._array = array.data

    def _read(self, start: int) -> np.ndarray:
        # One thread: jobs own one core each, and dask's pool would use all.
        block_NM = self._array[:, start : start + self.size].compute(scheduler="synchronous")
        return np.fmax(block_NM.T, np.float32(-1)).astype(np.int8)  # fmax turns NaN into -1

    def chunks(self) -> Iterator[tuple[slice, np.ndarray]]:
        """Yield (slice of the SNPs, A1 counts int8 (SNPs in chunk, n), -1 for missing), in file order."""
        for start in range(0, self.m, self.size):
            yield slice(start, min(start + self.size, self.m)), self._read(start)
