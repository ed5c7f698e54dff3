"""What the checks call, where a call did not fit."""

import pytest

from exercises.signatures import signature_meant

STUB = """
class Pool:
    def __init__(self, k, stride=2): ...
    def forward(self, x): ...

def free(a, *, b): ...
"""


@pytest.mark.parametrize(
    "message, meant",
    [
        ("Pool.forward() takes 1 positional argument but 2 were given", "def forward(self, x)"),
        ("forward() missing 1 required positional argument: 'y'", "def forward(self, x)"),
        ("Pool.__init__() got an unexpected keyword argument 'k'", "def __init__(self, k, stride=2)"),
        ("Pool() takes no arguments", "def __init__(self, k, stride=2)"),
        ("'Pool' object has no attribute 'forward'", "def forward(self, x)"),
        ("free() got an unexpected keyword argument 'c'", "def free(a, *, b)"),
        ("other() takes 1 positional argument but 2 were given", ""),
        ("unsupported operand type(s) for +", ""),
    ],
)
def test_the_stub_s_signature_is_found(message, meant):
    assert signature_meant(STUB, message, "Pool") == meant
