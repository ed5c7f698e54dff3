"""A row of metrics.csv, for the tests of what shows them."""


def row(epoch=1, **changes):
    """One epoch, with what the test changes."""
    return {
        "epoch": epoch, "lr": 0.01, "train_loss": 3.4, "loss_main": 2.1, "loss_aux1": 2.2, "loss_aux2": 2.25,
        "train_accuracy": 0.123456, "test_accuracy": 0.25, "images_per_second": 123.456789, "seconds": 40.5,
        "average_accuracy": None, **changes,
    }  # fmt: skip


WITHOUT_HEADS = {"loss_aux1": None, "loss_aux2": None}
