"""Dense layers: linear, ReLU, softmax and its loss, dropout, initial weights."""

EXERCISES = []
