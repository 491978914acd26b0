from urllib.parse import urlsplit

from django.db import migrations, models

PORTS = {'http': 80, 'https': 443}


def name_targets(apps, schema_editor):
    Channel = apps.get_model('executions', 'Channel')
    for channel in Channel.objects.filter(address__startswith='http').iterator():
        try:
            parts = urlsplit(channel.address)
            port = parts.port or PORTS[parts.scheme]
        except (ValueError, KeyError):
            continue
        if parts.hostname:
            Channel.objects.filter(pk=channel.pk).update(target=f'{parts.hostname}:{port}')


class Migration(migrations.Migration):
    dependencies = [
        ('executions', '0051_columns_of_the_list'),
    ]

    operations = [
        migrations.AddField(
            model_name='channel',
            name='target',
            field=models.CharField(blank=True, db_default='', default='', max_length=300),
        ),
        migrations.AddField(
            model_name='channel',
            name='target_failures',
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.RunPython(name_targets, migrations.RunPython.noop),
    ]
