"""What a line's sound means: digits, call progress, answer by voice, fax, caller ID, silence - always with reasons.

C measures (boardd/media/native/detect.h), Python decides. Sound is 8 kHz, 16-bit linear, host byte order, one lane a
direction of a line.
"""
