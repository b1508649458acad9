"""What would happen, what should happen, and why: simulation, guarded solve, comparison, explanation."""
