"""Agents: who is logged in at which station, and what they are doing."""
