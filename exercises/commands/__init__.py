"""The commands of `python -m exercises`, a file each: `add_command(commands)` gives it its options."""
