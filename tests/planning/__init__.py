"""Tests of simulation, guarded solve, fallback, conflicts and locking."""
