"""The exercise reduction_cost."""
