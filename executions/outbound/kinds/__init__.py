"""Kinds of channels: one file each. A kind turns a message into requests; the sender knows none."""
