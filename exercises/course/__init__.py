"""The course: one folder a chapter, one folder an exercise."""

CHAPTERS = ["chain_rule", "dense", "convolution", "pooling", "training", "inception", "beyond"]
