"""Runs that begin from now on have the second format; those that began before keep the first."""

from django.db import migrations, models

import executions.journal.records


class Migration(migrations.Migration):
    dependencies = [('executions', '0008_pid_namespace')]

    operations = [
        # What the database itself fills in stays the first: a process of before the upgrade writes that.
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name='execution',
                    name='journal_format',
                    field=models.PositiveSmallIntegerField(db_default=1, default=executions.journal.records.newest_format),
                ),
            ]
        ),
    ]
