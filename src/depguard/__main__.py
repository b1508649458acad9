"""``python -m depguard``."""

from depguard.cli.main import main

if __name__ == "__main__":
    raise SystemExit(main())
