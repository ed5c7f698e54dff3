"""PyTorch on one thread: for arrays as small as these its threads cost more than they bring."""

import pytest
from support import torch


@pytest.fixture(autouse=True, scope="session")
def one_torch_thread():
    if torch is not None:
        torch.set_num_threads(1)
