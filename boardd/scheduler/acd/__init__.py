"""Queues and the distribution of waiting contacts to agents."""
