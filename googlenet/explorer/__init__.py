"""A trained network on one picture, forward and backward, as one page: python -m googlenet explore."""
