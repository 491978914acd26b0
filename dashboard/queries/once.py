"""A form that is sent twice does its work once."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth.models import User
from django.db import IntegrityError
from django.utils.translation import gettext_noop as N_

from executions.errors import Refused
from executions.models import IdempotentRequest
from executions.models.transactions import atomic, persistent


@persistent
def once(user: User, key: str, operation: str, make: Callable[[], str]) -> str:
    """The value that ``make`` gave the first time this user sent ``key``.

    An exception of ``make`` leaves the key unused. Raises Refused (``conflict``) for a key that was
    sent with another form.
    """
    try:
        with atomic():
            # The key is unique: who comes second waits here until the first has committed, and then
            # fails.
            sent = IdempotentRequest.objects.create(
                owner=user, key=f"form:{key}", operation=operation, body_digest="", status=302
            )
            sent.response = make()
            sent.save(update_fields=["response"])
            return str(sent.response)
    except IntegrityError:
        earlier = IdempotentRequest.objects.filter(
            owner=user, key=f"form:{key}", operation=operation
        ).first()
        if earlier is None:
            raise Refused(
                "conflict",
                N_("This form carries the mark of another one that was sent already."),
                remedy=N_("Load the page again, then send it."),
            ) from None
        return str(earlier.response)
