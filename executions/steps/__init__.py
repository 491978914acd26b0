"""The address of the functions until 0.3: kept for modules that were written for it."""
