"""The rules: one module a family, one section in docs/rules.md a code."""
