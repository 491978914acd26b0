"""The budget of one owner's agents for a day, what they have used, and what requests that are under
way may still use.
"""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models


class Budget(models.Model):
    """The budget of one owner, or of each that has none of their own. A limit that is left out does
    not bound.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        help_text="Nobody: each who has no budget of their own",
    )
    tokens_per_day = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="Tokens read and written"
    )
    cost_per_day = models.DecimalField(
        max_digits=14,
        decimal_places=6,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text="By the prices of the models; a model without prices costs nothing here",
    )

    def clean(self) -> None:
        others = Budget.objects.filter(user=None).exclude(pk=self.pk)
        if self.user_id is None and others.exists():
            raise ValidationError({"user": "There is a budget of all others already: change it."})

    def __str__(self) -> str:
        return f"budget of {self.user or 'all others'}"


class Spending(models.Model):
    """The amounts that one owner's agents have used on a day, and those reserved for requests that
    are under way.
    """

    id = models.BigAutoField(primary_key=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    day = models.DateField()
    tokens = models.BigIntegerField(default=0)
    cost = models.DecimalField(max_digits=14, decimal_places=6, default=0)
    reserved_tokens = models.BigIntegerField(default=0)
    reserved_cost = models.DecimalField(max_digits=14, decimal_places=6, default=0)

    class Meta:
        verbose_name_plural = "spending"
        constraints = (
            models.UniqueConstraint(fields=["owner", "day"], name="spending_of_a_day_once"),
        )

    def __str__(self) -> str:
        return f"spending of {self.owner_id} on {self.day}"


class Reservation(models.Model):
    """The bound of one request. It lapses where nobody settles it, and the next request of the same
    step takes its place.
    """

    id = models.BigAutoField(primary_key=True)
    spending = models.ForeignKey(Spending, on_delete=models.CASCADE, related_name="reservations")
    step = models.UUIDField(unique=True)
    tokens = models.BigIntegerField()
    cost = models.DecimalField(max_digits=14, decimal_places=6)
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.tokens} tokens for {self.step}"
