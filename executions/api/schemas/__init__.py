"""What goes in and out, as pydantic models: they check bodies and describe them in the OpenAPI
document.
"""
