import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# The index that a foreign key gets: the index by owner and id begins with the same column. It is
# dropped by its name, as SQLite would write the whole table anew for it.
NAME = "executions_execution_owner_id_9eb96b83"


class Migration(migrations.Migration):
    dependencies = [
        ("executions", "0054_messages_of_versions"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name="execution",
            index=models.Index(
                fields=["owner", "phase", "-id"], name="execution_by_owner_and_phase"
            ),
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    f"DROP INDEX IF EXISTS {NAME}",
                    f"CREATE INDEX IF NOT EXISTS {NAME} ON executions_execution (owner_id)",
                )
            ],
            state_operations=[
                migrations.AlterField(
                    model_name="execution",
                    name="owner",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="executions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                )
            ],
        ),
    ]
