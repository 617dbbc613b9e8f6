"""Training individuals divided by their label, for corrections that make features say nothing of ancestry given it.

A trait may differ between populations for biological reasons. Features that are independent of ancestry given the
label keep that difference, features that are independent of ancestry do not.
"""

import numpy as np

from stratbench.adjustments.contract import Context


def within_labels(context: Context, pcs: int) -> tuple[np.ndarray, np.ndarray]:
    """PCs as they are compared within classes of the label, and who is compared with whom.

    Args:
        context: what the correction may be fitted on.
        pcs: the number of PCs.

    Returns:
        PCs, float32 (N, K), and a column for each class with 1 for its members, float32 (N, L). A binary trait has two
        classes, controls and cases, in this order. A quantitative trait has one class, everyone, and its PCs are the
        residuals of their regression on the label. Individuals outside training are in no class, and their PCs are 0.
    """
    train, n = context.sets["train"], len(context.y_N)
    y_T = context.y_N[train].astype(np.float64)
    pcs_TK = context.pcs_NK[train, :pcs].astype(np.float64)
    if context.kind == "binary":
        member_TL = np.stack([y_T == 0, y_T == 1], axis=1)
    else:
        member_TL = np.ones((len(train), 1))
        design_T2 = np.stack([np.ones_like(y_T), y_T], axis=1)
        pcs_TK = pcs_TK - design_T2 @ np.linalg.lstsq(design_T2, pcs_TK, rcond=None)[0]
    pcs_NK = np.zeros((n, pcs_TK.shape[1]), dtype=np.float32)
    member_NL = np.zeros((n, member_TL.shape[1]), dtype=np.float32)
    pcs_NK[train], member_NL[train] = pcs_TK, member_TL
    return pcs_NK, member_NL
