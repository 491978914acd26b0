"""What an open step waits for gets a column of its own: its JSON was searched for it.

A run of an older version keeps the question in ``control`` alone; the column is filled from it once.
"""

from django.db import migrations, models

FILL = """
    UPDATE executions_step SET waiting_for = 'decision'
    WHERE status = 'WAITING' AND superseded_by_id IS NULL AND control LIKE '%"needs_decision":true%'
"""


class Migration(migrations.Migration):
    dependencies = [("executions", "0012_late_answer")]

    operations = [
        migrations.AddField(
            model_name="step",
            name="waiting_for",
            field=models.TextField(blank=True, db_default="", default=""),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
