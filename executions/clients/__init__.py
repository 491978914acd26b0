"""The sender of a request, and how much is taken from one client.

``addresses`` finds the client behind proxies, ``rates`` counts how often something may happen,
``bodies`` says why a body was not read. The web server and every door share them.
"""
