"""What tests of the explorer share."""

import pytest
from explorer_networks import made


@pytest.fixture(scope="session")
def seen():
    """seen(preset, heads, channels, label) -> (model, run)."""
    return made
