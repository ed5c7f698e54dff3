"""The exercise avg_pool2d."""
