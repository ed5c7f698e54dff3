"""The exercise wrong_seam."""
