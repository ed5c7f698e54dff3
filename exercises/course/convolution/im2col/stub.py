"""im2col: python -m exercises show im2col"""

import numpy as np  # noqa: F401 (you may want np.pad, np.zeros)


def im2col(x, kernel, stride, padding):
    """Each patch under the kernel as a column: x (N, C, H, W) -> columns (N, C*KH*KW, OH*OW).

    kernel: (KH, KW); stride: by how much it moves, along both axes; padding: zeros at each of the four edges.
    Along a column: channel by channel, in each row by row. The columns: place by place, row by row.
    """
    raise NotImplementedError("return columns (N, C*KH*KW, OH*OW): the patch of each place, written as a column")
