"""The bodies that go in and out, as pydantic models: they check them and describe them in the
OpenAPI document.
"""
