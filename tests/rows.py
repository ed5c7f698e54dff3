"""A row of metrics.csv and a record of what samples have found, for the tests of what shows them."""


def row(epoch=1, **changes):
    """One epoch, with what the test changes."""
    return {
        "epoch": epoch, "lr": 0.01, "train_loss": 3.4, "loss_main": 2.1, "loss_aux1": 2.2, "loss_aux2": 2.25,
        "train_accuracy": 0.123456, "test_accuracy": 0.25, "images_per_second": 123.456789, "seconds": 40.5,
        "average_accuracy": None, **changes,
    }  # fmt: skip


WITHOUT_HEADS = {"loss_aux1": None, "loss_aux2": None}


def record(epoch, **more):
    """One epoch, as googlenet/training/probe.py writes it, with what the test changes."""
    with_heads = {
        "norm": 2.0 * epoch, "main": 1.25, "aux1": -0.375, "aux2": 0.125, "norm_main": 2.5,
        "norm_aux1": 0.5, "norm_aux2": 0.25,
    }  # fmt: skip
    above = {
        "norm": 4.0, "main": 1.0, "aux1": 0.0, "aux2": 0.0, "norm_main": 4.0, "norm_aux1": 0.0, "norm_aux2": 0.0,
    }  # fmt: skip
    return {
        "epoch": epoch, "samples": 3, "images": 8, "blocks": {"conv1": with_heads, "fc": above},
        "times": {"conv1.conv": [0.5, 1.0], "fc": [0.125, 0.375]}, **more,
    }  # fmt: skip
