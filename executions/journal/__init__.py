"""The journal's own words: what may happen to an execution.

Plain data that imports nothing of ours.
"""
