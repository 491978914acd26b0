"""``stigmer up``: starts everything that a server consists of, keeps it running and takes it down
in order.
"""
