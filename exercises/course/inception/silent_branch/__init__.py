"""The exercise silent_branch."""
