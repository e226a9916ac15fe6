"""Recordings: which conversations, and the finishing of raw legs into stereo files."""
