"""What a run tells, on the screen and in its folder."""
