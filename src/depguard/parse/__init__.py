"""Text to typed values, pure: each module reads one format and names the specification it follows."""
