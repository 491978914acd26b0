"""Talking to a server over its API: where it is, who we are, requests, and the stream of a run's
updates.
"""
