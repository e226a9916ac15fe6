"""Sound: WAVE files and the finishing of recordings."""
