"""Runs that are kept no longer: to a file that can be read again, and their space given back."""
