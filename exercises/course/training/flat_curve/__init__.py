"""The exercise flat_curve."""
