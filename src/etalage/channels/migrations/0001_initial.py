
import django.db.models.deletion
import etalage.kit.clock
import etalage.kit.fields
import etalage.kit.ids
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Grant',
            fields=[
                ('id', models.UUIDField(default=etalage.kit.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('network', models.CharField(max_length=20)),
                ('base_url', models.CharField(max_length=300)),
                ('access_token', etalage.kit.fields.EncryptedTextField()),
                ('refresh_token', etalage.kit.fields.EncryptedTextField(blank=True, default='')),
                ('scopes', models.JSONField(default=list)),
                ('expires_at', models.DateTimeField(null=True)),
                ('version', models.PositiveIntegerField(default=1)),
                ('created_at', models.DateTimeField(default=etalage.kit.clock.now)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Channel',
            fields=[
                ('id', models.UUIDField(default=etalage.kit.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('network', models.CharField(max_length=20)),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('handle', models.CharField(max_length=200)),
                ('remote_id', models.CharField(max_length=200)),
                ('base_url', models.CharField(max_length=300)),
                ('profile_url', models.CharField(blank=True, max_length=500)),
                ('language', models.CharField(choices=[('en', 'English'), ('fr', 'French'), ('nl', 'Dutch'), ('ar', 'Arabic')], default='en', max_length=2, verbose_name='language of its posts')),
                ('state', models.CharField(choices=[('active', 'Connected'), ('paused', 'Paused'), ('disconnected', 'Disconnected')], default='active', max_length=12)),
                ('pause_reason', models.CharField(blank=True, max_length=40)),
                ('quiet_until', models.DateTimeField(null=True)),
                ('abilities', models.JSONField(default=dict)),
                ('abilities_at', models.DateTimeField(default=etalage.kit.clock.now)),
                ('created_at', models.DateTimeField(default=etalage.kit.clock.now)),
                ('grant', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='channels', to='channels.grant')),
            ],
            options={
                'ordering': ['name', 'id'],
                'constraints': [models.UniqueConstraint(fields=('network', 'base_url', 'remote_id'), name='channel_once')],
            },
        ),
    ]
