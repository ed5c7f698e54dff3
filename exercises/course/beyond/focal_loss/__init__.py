"""The exercise focal_loss."""
