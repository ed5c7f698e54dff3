"""The exercise output_size."""
