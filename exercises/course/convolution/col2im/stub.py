"""col2im: python -m exercises show col2im"""

import numpy as np  # noqa: F401 (you may want np.zeros)


def col2im(columns, size, kernel, stride, padding):
    """Add the columns back to where im2col took them from: columns (N, C*KH*KW, OH*OW) -> x (N, C, H, W).

    size: (H, W); kernel: (KH, KW); stride and padding: as im2col had them. Row (c*KH + u)*KW + v of a column belongs
    to channel c, row u, column v of its patch; place (i, j) is column i*OW + j. What lay in the padding is dropped.
    """
    raise NotImplementedError("return x (N, C, H, W): each number of the columns added to the pixel it came from")
