from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ('executions', '0047_schedules'),
    ]

    operations = [
        migrations.AddField(
            model_name='process',
            name='drained_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
