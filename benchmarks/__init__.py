"""Measuring: real worker processes, a real Redis, both databases.

Nothing here is part of the product.
"""
