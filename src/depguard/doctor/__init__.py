"""A snapshot of a live environment to findings. Pure."""
