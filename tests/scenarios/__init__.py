"""Scenarios: a host, an index, a policy and a question as data, and what the answer has to be."""
