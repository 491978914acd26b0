"""Stigmer as an MCP server: what other assistants may do with it, by ``/mcp``.

``tools`` says what there is and does it in the name of a token's owner, under the same policy and
audit as every door; ``serving`` speaks the protocol by the official library, which only it knows;
``door`` lets requests in.
"""
