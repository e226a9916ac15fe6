"""Lines: what lies between a card's port and the other end, as the electricity and the signalling see it."""
