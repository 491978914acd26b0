"""Accounts: passwords, second factors, sessions and single sign-on, by django-allauth.

The log-in page is :mod:`dashboard.views.session`; how often one may try is said by
``executions/accounts/throttle.py`` alone.
"""
