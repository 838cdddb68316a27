"""Judgements as flows: what is asked of a model and what is made of its answers."""
