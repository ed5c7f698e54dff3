"""Beyond: operations that the library does not have."""

EXERCISES = ["swish", "maxout", "gem_pooling", "pixel_shuffle", "focal_loss"]
