"""The demo shop: a separate web service that orders are fulfilled against and that fails when a
person asks it to.
"""
