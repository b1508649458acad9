"""depguard: add packages to a machine that somebody else prepared, without breaking what is there."""

__version__ = "0.1.0"
