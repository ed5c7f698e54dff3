"""The exercise naive_block."""
