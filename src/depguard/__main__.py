"""``python -m depguard``."""

from depguard.cli.main import run

if __name__ == "__main__":
    run()
