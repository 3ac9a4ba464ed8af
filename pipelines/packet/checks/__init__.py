"""What a packet must be, checked with the standard library alone.

These modules, joined into one file, are the `verify.py` inside every packet (`pipelines.packet.standalone`);
`pipelines.packet.verification` runs the same ones. So the two cannot drift.
"""
