"""A solution of fan_out."""


def collect(arrived):
    totals = {}
    for name, gradient in arrived:
        totals[name] = totals[name] + gradient if name in totals else gradient
    return totals
