"""The exercise weighted_loss."""
