"""no_grad: python -m exercises show no_grad"""


class no_grad:  # noqa: N801 (a context manager is written small)
    """with no_grad(switch): nothing is recorded for backward.

    switch.enabled: True where operations are recorded. Inside of the block it is False; afterwards it is what it was.
    """

    def __init__(self, switch):
        self.switch = switch

    def __enter__(self):
        raise NotImplementedError("turn switch.enabled off, and remember what it was")

    def __exit__(self, error_type, error, traceback):
        raise NotImplementedError("set switch.enabled to what it was")
