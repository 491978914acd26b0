"""Schedules: runs that are started at times that somebody set."""
