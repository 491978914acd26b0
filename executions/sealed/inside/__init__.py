"""The other side of the pipes: the mother, the loop of a child, and the operations."""
