"""Dense layers: linear, ReLU, softmax and its loss, dropout, initial weights."""

EXERCISES = ["linear", "relu", "softmax", "cross_entropy", "dropout", "initialization", "overflow"]
