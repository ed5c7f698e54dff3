"""The exercise initialization."""
