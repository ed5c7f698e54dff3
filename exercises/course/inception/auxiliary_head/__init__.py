"""The exercise auxiliary_head."""
