"""The exercise sgd_momentum."""
