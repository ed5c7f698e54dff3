"""Train GoogLeNet. Without arguments: the paper's network on the digits that come with it, in about five minutes."""

import sys

from googlenet.training import main

if __name__ == "__main__":
    sys.exit(main())
