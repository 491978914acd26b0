from django.db import migrations, models

import executions.models.fields


class Migration(migrations.Migration):
    dependencies = [
        ('executions', '0052_targets_of_channels'),
    ]

    operations = [
        migrations.CreateModel(
            name='Load',
            fields=[
                ('at', models.DateTimeField(primary_key=True, serialize=False)),
                ('slots', models.PositiveIntegerField()),
                ('held', models.PositiveIntegerField()),
                ('waiting', models.PositiveIntegerField()),
                ('oldest_seconds', models.FloatField()),
                ('of_workers', executions.models.fields.JsonField(default=dict)),
            ],
            options={
                'ordering': ('at',),
            },
        ),
    ]
