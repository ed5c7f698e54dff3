"""The exercise fan_out."""
