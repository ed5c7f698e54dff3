"""Ctrl-C is noted, and the caller decides when; twice, and it stops at once."""

import os
import signal
import time

import pytest

from googlenet.training.interrupt import Interrupt


def send(number):
    os.kill(os.getpid(), number)
    time.sleep(0.01)  # a handler runs between two instructions of Python


@pytest.fixture
def handlers():
    """The handlers as they are now; they must be these again at the end of the test."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield before
    for number, handler in before.items():
        found = signal.getsignal(number)
        signal.signal(number, handler)
        assert found == handler


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_noted_and_nothing_else_happens(handlers, number):
    with Interrupt() as interrupt:
        assert not interrupt.asked
        send(number)
        assert interrupt.asked


def test_the_second_ctrl_c_stops_at_once(handlers):
    with Interrupt() as interrupt:
        send(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            send(signal.SIGINT)
        assert interrupt.asked


def test_afterwards_ctrl_c_is_again_what_it_was(handlers):
    with Interrupt():
        pass
    with pytest.raises(KeyboardInterrupt):
        send(signal.SIGINT)


def test_handlers_are_restored_after_an_error(handlers):
    with pytest.raises(ZeroDivisionError), Interrupt():
        raise ZeroDivisionError


def test_a_handler_of_the_caller_s_own_comes_back(handlers):
    calls = []
    own = signal.signal(signal.SIGINT, lambda *_: calls.append(1))
    try:
        with Interrupt():
            send(signal.SIGINT)
        assert calls == []
        send(signal.SIGINT)
        assert calls == [1]
    finally:
        signal.signal(signal.SIGINT, own)


def test_each_one_starts_anew(handlers):
    with Interrupt() as first:
        send(signal.SIGINT)
    with Interrupt() as second:
        assert not second.asked
    assert first.asked
