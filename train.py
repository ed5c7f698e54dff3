"""Train GoogLeNet. Without arguments: the paper's network on the digits that come with it, in about five minutes."""

import os
import signal
import sys

if __name__ == "__main__":
    # Before what takes long, and read by Python 2.7 and 3.6 too: the answer to an old Python, and to an early Ctrl-C.
    if sys.version_info < (3, 10):
        sys.stderr.write("train.py needs Python 3.10 or newer, this is %d.%d.%d\n" % sys.version_info[:3])
        sys.exit(2)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # it stays ignored where it is (nohup)
        signal.signal(signal.SIGINT, lambda *_: os._exit(130))
    try:
        from googlenet.training import main
    except ImportError as error:  # NumPy is not there, or broken: what else is needed, main looks for
        reason = " ".join(str(error).split())
        sys.stderr.write("train.py: error: %s. Install what is needed: pip install -e .\n" % reason[-400:])
        sys.exit(2)

    def answers(folder):
        from exercises.override import learners

        return learners(folder)

    sys.exit(main(answers=answers))
