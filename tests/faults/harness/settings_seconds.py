"""The times of a trial that more than the settings have to know."""

RETRY_DELAYS = [0.02, 0.02, 0.02]
