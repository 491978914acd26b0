"""``call: python``: functions of one's own, registered by a decorator."""
