"""The exercise inception_block."""
