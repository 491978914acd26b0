"""A file of runs that were archived, and the mark that each of them leaves behind."""

from __future__ import annotations

from django.db import models

from executions.ids import public_id


class Archive(models.Model):
    """``sha256`` is empty while the file is being written; ``done_at`` while what is in it is
    being deleted.
    """

    id = models.BigAutoField(primary_key=True)
    name = models.CharField(max_length=120, unique=True)
    # In whose archive folder the file lies.
    host = models.CharField(max_length=255)
    sha256 = models.CharField(max_length=64, blank=True, default="")
    executions = models.PositiveIntegerField(default=0)
    rows = models.BigIntegerField(default=0)
    bytes = models.BigIntegerField(default=0)
    created_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return self.name


class PrunedExecution(models.Model):
    """The rest of a run that went to an archive: so that a link to it still says what became of it.
    It refers to nothing that could go.
    """

    id = models.UUIDField(primary_key=True)
    kind = models.CharField(max_length=10)
    owner_id = models.IntegerField(db_index=True)
    archive = models.ForeignKey(Archive, on_delete=models.PROTECT, related_name="pruned")
    pruned_at = models.DateTimeField()

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return self.public_id

    @property
    def public_id(self) -> str:
        return public_id("aex" if self.kind == "agent" else "wex", self.id)


class ImportedExecution(models.Model):
    """Marks a run that came from a file. ``from_id`` is its id where it was made."""

    execution = models.OneToOneField(
        "executions.Execution", on_delete=models.CASCADE, primary_key=True, related_name="imported"
    )
    from_id = models.CharField(max_length=40, db_index=True)
    file = models.CharField(max_length=200)
    by = models.CharField(max_length=200)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"from {self.from_id}"
