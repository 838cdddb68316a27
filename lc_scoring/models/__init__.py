"""Models: what answers a flow's questions."""
