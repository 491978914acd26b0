"""Peers, each in an environment of its own: ten durable trivial steps as its makers would write
them.
"""
