"""The command line: parser, console, exit codes and wiring."""
