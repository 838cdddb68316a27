"""Retrieval-augmented generation: answers, the contexts they rest on, and how good both are, as flows without I/O."""
