"""The exercise maxout."""
