"""Use cases, one module each, written on ports. Nothing here prints."""
