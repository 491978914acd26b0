"""The fault harness: what goes wrong in the world, done on purpose and counted.

`make faults MINUTES=30`.

Nothing of this is imported by the product. The hook that kills refuses to be armed outside of test
settings.
"""
