"""Ctrl-C, SIGTERM and SIGHUP are answered at once and noted, and the caller decides when; a second Ctrl-C stops."""

import errno
import signal

import pytest

from googlenet.training import interrupt as interrupt_module
from googlenet.training.interrupt import Interrupt

pytestmark = pytest.mark.usefixtures("signals_as_in_a_terminal")
NUMBERS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
each_signal = pytest.mark.parametrize("number", NUMBERS)
MORE = "; once more to stop without\n"


def send(number):
    """Send a signal to ourselves, after which the work goes on."""
    try:
        signal.raise_signal(number)
    except KeyboardInterrupt:
        pytest.fail(f"{signal.Signals(number).name} stopped it at once")


@pytest.fixture(autouse=True)
def handlers(signals_as_in_a_terminal):
    """The handlers as they are now; they must be these again at the end of the test."""
    before = {number: signal.getsignal(number) for number in NUMBERS}
    yield before
    for number, handler in before.items():
        found = signal.getsignal(number)
        signal.signal(number, handler)
        assert found == handler


@each_signal
def test_a_signal_is_noted_and_the_work_goes_on(number):
    with Interrupt() as interrupt:
        assert not interrupt.asked
        send(number)
        assert interrupt.asked


# ---- what it says ---------------------------------------------------------------------------------------------------


def test_ctrl_c_is_answered_from_the_handler(capfd):
    with Interrupt() as interrupt:
        interrupt.doing = "finishing step 12, saving"
        send(signal.SIGINT)
        assert capfd.readouterr() == ("", "finishing step 12, saving" + MORE)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_the_others_give_their_name_and_no_advice(capfd, number):
    with Interrupt() as interrupt:
        interrupt.doing = "finishing step 12, saving"
        send(number)
        assert capfd.readouterr().err == f"{number.name}: finishing step 12, saving\n"


def test_on_a_terminal_the_line_takes_the_place_of_the_progress_bar(capfd, monkeypatch):
    monkeypatch.setattr(interrupt_module.os, "isatty", lambda descriptor: descriptor == 2)
    with Interrupt():
        send(signal.SIGINT)
        assert capfd.readouterr().err == "\r\x1b[Kstopping" + MORE


def test_a_terminal_that_is_gone_does_not_matter(monkeypatch):
    def gone(descriptor, content):
        raise OSError(errno.EIO, "Input/output error")

    with Interrupt() as interrupt:
        monkeypatch.setattr(interrupt_module.os, "write", gone)
        send(signal.SIGHUP)
        assert interrupt.asked


def test_python_s_own_buffer_is_not_entered_twice(capfd, monkeypatch):
    """A handler may interrupt a `print`: what is written from it must not go through the same stream."""
    with Interrupt(), open(2, "w", closefd=False) as stream:
        monkeypatch.setattr("sys.stderr", stream)
        stream.write("half of ")
        send(signal.SIGINT)
        stream.write("a line\n")
    assert capfd.readouterr().err == "stopping" + MORE + "half of a line\n"


# ---- the second one -------------------------------------------------------------------------------------------------


@each_signal
def test_the_second_ctrl_c_stops_at_once(number):
    with Interrupt() as interrupt:
        send(number)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        assert interrupt.asked


@pytest.mark.parametrize("first", NUMBERS)
@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGHUP])
def test_the_others_may_come_twice(first, second):
    """`timeout` sends SIGTERM to the process and to its group, a shell passes SIGHUP on: nobody was impatient."""
    with Interrupt() as interrupt:
        send(first)
        send(second)
        assert interrupt.asked


# ---- while a file is written ----------------------------------------------------------------------------------------


def test_a_save_is_never_cut_off(capfd):
    with Interrupt() as interrupt:
        interrupt.doing = "finishing step 12, saving"
        send(signal.SIGINT)
        capfd.readouterr()
        with interrupt.saving():
            for _ in range(3):
                send(signal.SIGINT)
            assert capfd.readouterr().err == 3 * "saving, then stopping\n"
        assert interrupt.doing == "finishing step 12, saving"
        with pytest.raises(KeyboardInterrupt):  # now it can
            signal.raise_signal(signal.SIGINT)


def test_the_first_one_during_a_save_is_noted():
    with Interrupt() as interrupt:
        with interrupt.saving():
            send(signal.SIGINT)
        assert interrupt.asked


def test_after_a_save_that_failed_ctrl_c_can_stop_again():
    with Interrupt() as interrupt:
        with pytest.raises(ZeroDivisionError), interrupt.saving():
            raise ZeroDivisionError
        send(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


# ---- before and after -----------------------------------------------------------------------------------------------


@each_signal
def test_a_signal_that_is_ignored_stays_so(capfd, number):
    signal.signal(number, signal.SIG_IGN)
    with Interrupt() as interrupt:
        send(number)
        assert not interrupt.asked
    assert signal.getsignal(number) == signal.SIG_IGN
    assert capfd.readouterr().err == ""
    signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)


def test_afterwards_ctrl_c_is_again_what_it_was():
    with Interrupt():
        pass
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_handlers_are_restored_after_an_error():
    with pytest.raises(ZeroDivisionError), Interrupt():
        raise ZeroDivisionError


def test_a_second_ctrl_c_while_the_handlers_are_restored_does_not_stop_that(monkeypatch):
    whole = signal.signal

    def impatient(number, handler):
        if number == signal.SIGINT:
            send(signal.SIGINT)
        return whole(number, handler)

    with Interrupt():
        send(signal.SIGINT)
        monkeypatch.setattr(interrupt_module.signal, "signal", impatient)
    monkeypatch.undo()


def test_a_handler_of_the_caller_s_own_comes_back():
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


def test_each_one_starts_anew():
    with Interrupt() as first:
        send(signal.SIGINT)
    with Interrupt() as second:
        assert not second.asked
    assert first.asked


def test_a_system_without_sighup(monkeypatch):
    monkeypatch.delattr(signal, "SIGHUP")
    with Interrupt() as interrupt:
        send(signal.SIGTERM)
        assert interrupt.asked
