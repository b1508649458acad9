"""Real installers as referees: found, started in a scrubbed environment, asked for dry runs."""
