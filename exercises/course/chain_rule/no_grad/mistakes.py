"""Typical wrong answers to no_grad."""

from exercises.course.chain_rule.no_grad.solution import no_grad
from exercises.stages import Mistakes

mistake = Mistakes()


@mistake("You turned recording on at the end; after a block inside of another it stays off: restore what was there.")
class AlwaysOn(no_grad):
    def __exit__(self, error_type, error, traceback):
        self.switch.enabled = True


@mistake("You left it off, or remembered the old value only after turning it off; restore what was there before.")
class StaysOff(no_grad):
    def __exit__(self, error_type, error, traceback):
        pass


@mistake("You did not turn it off; inside of the block switch.enabled is False.")
class NeverOff(no_grad):
    def __enter__(self):
        self.before = self.switch.enabled


@mistake("You turned it off when the object is made; the block begins with __enter__, perhaps much later.")
class OffWhenMade(no_grad):
    def __init__(self, switch):
        super().__init__(switch)
        self.before = switch.enabled
        switch.enabled = False

    def __enter__(self):
        pass


@mistake("You remembered the old value when the object is made; it may change before the block is entered.")
class RememberedWhenMade(no_grad):
    def __init__(self, switch):
        super().__init__(switch)
        self.before = switch.enabled

    def __enter__(self):
        self.switch.enabled = False


@mistake("You returned True from __exit__; that swallows an error that was raised in the block. Return nothing.")
class Swallows(no_grad):
    def __exit__(self, error_type, error, traceback):
        super().__exit__(error_type, error, traceback)
        return True


@mistake("You restored the switch only where no error came; it has to be restored in every case.")
class NotAfterErrors(no_grad):
    def __exit__(self, error_type, error, traceback):
        if error is None:
            super().__exit__(error_type, error, traceback)


@mistake("You flipped the switch; inside of a block that is already off that turns it on. Set it to False.")
class Flips(no_grad):
    def __enter__(self):
        self.before = self.switch.enabled
        self.switch.enabled = not self.switch.enabled


@mistake("You kept the old value in one place for all blocks; the inner block overwrites it. Keep it on self.")
class Shared(no_grad):
    def __enter__(self):
        type(self).before = self.switch.enabled
        self.switch.enabled = False


@mistake("You turned it on inside; no_grad turns recording off.")
class TheOtherWay(no_grad):
    def __enter__(self):
        self.before = self.switch.enabled
        self.switch.enabled = True
