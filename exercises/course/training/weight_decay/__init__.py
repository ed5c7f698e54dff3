"""The exercise weight_decay."""
