"""What tests of the experiments share."""

from types import SimpleNamespace

import pytest

from googlenet.lab.harness import Lab


@pytest.fixture
def measured(monkeypatch):
    """`measure` of an experiment's file with a network, training and look that do nothing.

    Returns what it returns, and the calls: (name, arguments, options). A network remembers those that it was made with.
    """

    def measure(module, seeds=2, **returned):
        calls = []

        def stand_in(name):
            def call(*arguments, **options):
                calls.append((name, arguments, options))
                made = SimpleNamespace(arguments=arguments, options=options)
                return made if name == "network" else returned.get(name, {})

            return call

        for name in ("network", "train", "look"):
            if hasattr(module, name):
                monkeypatch.setattr(module, name, stand_in(name))
        return module.measure(Lab(seeds=seeds)), calls

    return measure
