"""All input and output: indexes, caches, files, live environments, installers' configuration."""
