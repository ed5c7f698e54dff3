"""For all tests of the tables: networks are made without their initial weights, which take most of the time."""

import pytest


@pytest.fixture(scope="module", autouse=True)
def no_initial_weights():
    """No table depends on them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("googlenet.model.initialize", lambda model, choice: None)
        yield
