"""fan_out: python -m exercises show fan_out"""


def collect(arrived):
    """Add up what arrives at each tensor.

    arrived: a list of (name, array), in the order in which the walk back brings them; a tensor that was used three
    times is in it three times, always with one shape -> a dict, name -> its gradient.
    The arrays belong to others: they must not be changed.
    """
    raise NotImplementedError("return a dict with the sum of the arrays that arrived for each name")
