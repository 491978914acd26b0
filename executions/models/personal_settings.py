"""How a person wants pages to be: one row each, made when something is first changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import available_timezones

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models

from executions.errors import Finding, Refused
from executions.said import Said

# Stands for what the browser says of itself.
BROWSER = "browser"
COLUMN_NAMES = r"\A[a-z]+(,[a-z]+)*\Z"


class Language(models.TextChoices):
    """Of pages; the API and the command speak English."""

    BROWSER = "browser", "That of the browser"
    ENGLISH = "en", "English"
    GERMAN = "de", "Deutsch"


class DateFormat(models.TextChoices):
    """How a moment is written."""

    ISO = "iso", "2026-11-29 14:05:30"
    DOTS = "dots", "29.11.2026 14:05:30"
    SLASHES = "slashes", "11/29/2026 2:05:30 PM"


class Theme(models.TextChoices):
    SYSTEM = "system", "As the system has it"
    LIGHT = "light", "Light"
    DARK = "dark", "Dark"


class Density(models.TextChoices):
    """How much room a row of a list takes."""

    COMFORTABLE = "comfortable", "Comfortable"
    COMPACT = "compact", "Compact"


def _check_zone(name: str) -> None:
    if name != BROWSER and name not in available_timezones():
        raise ValidationError(
            f"{name[:64]!r} is no time zone. Use {BROWSER}, or a name such as Europe/Berlin."
        )


class PersonalSettingsQuerySet(models.QuerySet["PersonalSettings"]):
    def of(self, user: User | AnonymousUser) -> PersonalSettings:
        """This person's; those that everybody begins with where nothing was changed yet."""
        if not isinstance(user, User):
            return PersonalSettings()
        return self.filter(user=user).first() or PersonalSettings(user_id=user.pk)

    def change(self, user: User, changes: Mapping[str, Any]) -> PersonalSettings:
        """Those that are named, by the names of ``NAMES``. Raises Refused; nothing is changed
        then.
        """
        row = self.of(user)
        for name, value in changes.items():
            if name not in NAMES:
                raise Refused("invalid", Said("There is no setting {name!r}.", name=name[:60]))
            setattr(row, name, value)
        try:
            row.clean_fields(exclude=["user"])
        except ValidationError as invalid:
            findings = [
                Finding(f"/{name}", " ".join(texts)) for name, texts in invalid.message_dict.items()
            ]
            raise Refused("invalid", findings[0].message, findings=findings) from invalid
        values = {name: getattr(row, name) for name in changes}
        return self.update_or_create(user=user, defaults=values)[0] if values else row


class PersonalSettings(models.Model):
    """``has_keys``: whether single keys are shortcuts. Times are shown in ``time_zone``."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="personal_settings",
    )
    language = models.CharField(
        max_length=10, choices=Language.choices, default=Language.BROWSER, db_default=BROWSER
    )
    time_zone = models.CharField(max_length=64, default=BROWSER, validators=[_check_zone])
    date_format = models.CharField(
        max_length=10, choices=DateFormat.choices, default=DateFormat.ISO
    )
    theme = models.CharField(max_length=10, choices=Theme.choices, default=Theme.SYSTEM)
    density = models.CharField(max_length=12, choices=Density.choices, default=Density.COMFORTABLE)
    has_keys = models.BooleanField(default=True)
    # Of the list of executions, with commas between; empty: the usual ones.
    columns = models.CharField(
        max_length=300,
        blank=True,
        default="",
        validators=[RegexValidator(COLUMN_NAMES, "Names of columns have commas between them.")],
    )

    objects = PersonalSettingsQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "personal settings"

    def __str__(self) -> str:
        return f"Settings of {self.user_id}"


NAMES = ("language", "time_zone", "date_format", "theme", "density", "has_keys", "columns")
