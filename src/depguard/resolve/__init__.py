"""Solving over a port: what an index offers goes in, a selection or a conflict comes out."""
