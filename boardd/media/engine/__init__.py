"""The media engine: sound of cards that leave it to the host. One engine per host; C does the samples, this decides.

`engine.Engine` is the engine, `port.EnginePort` a leg, `clips.ClipStore` sound to play, `recording.Recording` a
recording, `tones` the tone plan, `banks.EngineBank` a detector in the tick, `ring` two engines in two processes,
`repair` recordings of a process that was killed. docs/media.md explains it.
"""
