
import django.db.models.deletion
import etalage.kit.clock
import etalage.kit.fields
import etalage.kit.ids
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
        ('catalogue', '0001_initial'),
        ('channels', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Campaign',
            fields=[
                ('id', models.UUIDField(default=etalage.kit.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('aim', models.CharField(choices=[('awareness', 'Be known'), ('promotion', 'Sell'), ('relation', 'Care for customers')], default='promotion', max_length=10, verbose_name='aim')),
                ('starts_on', models.DateField(blank=True, null=True, verbose_name='first day')),
                ('ends_on', models.DateField(blank=True, null=True, verbose_name='last day')),
                ('archived_at', models.DateTimeField(blank=True, null=True)),
                ('created_at', models.DateTimeField(default=etalage.kit.clock.now)),
            ],
            options={
                'ordering': ['-id'],
                'constraints': [models.CheckConstraint(condition=models.Q(('ends_on__isnull', True), ('starts_on__isnull', True), ('ends_on__gte', models.F('starts_on')), _connector='OR'), name='campaign_ends_after_start')],
            },
        ),
        migrations.CreateModel(
            name='Post',
            fields=[
                ('id', models.UUIDField(default=etalage.kit.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('aim', models.CharField(choices=[('awareness', 'Be known'), ('promotion', 'Sell'), ('relation', 'Care for customers')], default='promotion', max_length=10, verbose_name='aim')),
                ('state', models.CharField(choices=[('draft', 'Draft'), ('review', 'Waits for approval'), ('approved', 'Approved'), ('withdrawn', 'Withdrawn')], default='draft', max_length=9)),
                ('text', etalage.kit.fields.TranslatedField(default=dict, verbose_name='text')),
                ('no_picture_reason', models.CharField(blank=True, max_length=200, verbose_name='why without a picture')),
                ('target', models.CharField(blank=True, max_length=500, verbose_name='where the link leads')),
                ('due_at', models.DateTimeField(blank=True, db_index=True, null=True, verbose_name='goes out')),
                ('expires_at', models.DateTimeField(blank=True, null=True, verbose_name='not after')),
                ('approved_at', models.DateTimeField(null=True)),
                ('review_note', models.CharField(blank=True, max_length=500)),
                ('created_at', models.DateTimeField(default=etalage.kit.clock.now)),
                ('updated_at', models.DateTimeField(default=etalage.kit.clock.now)),
                ('version', models.PositiveIntegerField(default=1)),
                ('approved_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('campaign', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='posts', to='publishing.campaign')),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='posts', to=settings.AUTH_USER_MODEL)),
                ('store', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, to='accounts.store')),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='PostPicture',
            fields=[
                ('id', models.UUIDField(default=etalage.kit.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('file', models.FileField(max_length=200, upload_to='')),
                ('width', models.PositiveIntegerField()),
                ('height', models.PositiveIntegerField()),
                ('alt', etalage.kit.fields.TranslatedField(default=dict, verbose_name='alternative text')),
                ('position', models.PositiveSmallIntegerField(default=0)),
                ('post', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='pictures', to='publishing.post')),
            ],
            options={
                'ordering': ['position', 'id'],
            },
        ),
        migrations.CreateModel(
            name='PostProduct',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField(default=0)),
                ('post', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='shown', to='publishing.post')),
                ('product', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='shown_in', to='catalogue.product')),
            ],
            options={
                'ordering': ['position', 'id'],
            },
        ),
        migrations.CreateModel(
            name='PromotionCode',
            fields=[
                ('id', models.UUIDField(default=etalage.kit.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('code', models.CharField(max_length=40, unique=True, verbose_name='code')),
                ('percent', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='percent off')),
                ('amount_minor', models.BigIntegerField(blank=True, null=True, verbose_name='amount off')),
                ('usage_limit', models.PositiveIntegerField(blank=True, null=True, verbose_name='how often in all')),
                ('used', models.PositiveIntegerField(default=0)),
                ('starts_at', models.DateTimeField(blank=True, null=True, verbose_name='valid from')),
                ('ends_at', models.DateTimeField(blank=True, null=True, verbose_name='valid until')),
                ('created_at', models.DateTimeField(default=etalage.kit.clock.now)),
                ('campaign', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='codes', to='publishing.campaign')),
                ('post', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='codes', to='publishing.post')),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='Publication',
            fields=[
                ('id', models.UUIDField(default=etalage.kit.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('language', models.CharField(default='en', max_length=2)),
                ('custom_text', models.TextField(blank=True)),
                ('state', models.CharField(choices=[('draft', 'Draft'), ('approved', 'Approved'), ('scheduled', 'Scheduled'), ('claimed', 'Being prepared'), ('prepared', 'Ready to send'), ('sending', 'Being sent'), ('published', 'Published'), ('rejected', 'Refused by the network'), ('unknown', 'Not sure yet'), ('reconciling', 'Checking the network'), ('needs_person', 'Needs you'), ('expired', 'Too late'), ('withdrawn', 'Withdrawn'), ('dropped', 'Given up')], default='draft', max_length=12)),
                ('state_at', models.DateTimeField(default=etalage.kit.clock.now)),
                ('due_at', models.DateTimeField(null=True)),
                ('expires_at', models.DateTimeField(null=True)),
                ('next_attempt_at', models.DateTimeField(null=True)),
                ('token', models.PositiveBigIntegerField(default=0)),
                ('lease_clock', models.CharField(blank=True, max_length=40)),
                ('leased_until', models.BigIntegerField(null=True)),
                ('tries', models.PositiveIntegerField(default=0)),
                ('attempt', models.PositiveIntegerField(default=0)),
                ('sent_at', models.DateTimeField(null=True)),
                ('first_sent_at', models.DateTimeField(null=True)),
                ('sent_tick', models.BigIntegerField(null=True)),
                ('first_tick', models.BigIntegerField(null=True)),
                ('body_hash', models.CharField(blank=True, max_length=64)),
                ('idempotency_key', models.CharField(blank=True, max_length=80)),
                ('client_key', models.CharField(blank=True, max_length=80)),
                ('marker', models.CharField(blank=True, max_length=500)),
                ('settle_until', models.BigIntegerField(null=True)),
                ('looks', models.PositiveSmallIntegerField(default=0)),
                ('absent_since', models.BigIntegerField(null=True)),
                ('in_doubt', models.BooleanField(default=False)),
                ('perhaps_out', models.CharField(blank=True, max_length=4)),
                ('safe_until', models.BigIntegerField(null=True)),
                ('refused_as', models.CharField(blank=True, max_length=40)),
                ('remote_id', models.CharField(blank=True, max_length=200)),
                ('remote_url', models.CharField(blank=True, max_length=500)),
                ('published_at', models.DateTimeField(null=True)),
                ('reason', models.CharField(blank=True, max_length=40)),
                ('detail', models.CharField(blank=True, max_length=300)),
                ('change', models.CharField(blank=True, choices=[('edit', 'Being changed'), ('withdraw', 'Being withdrawn')], max_length=8)),
                ('change_reason', models.CharField(blank=True, max_length=40)),
                ('created_at', models.DateTimeField(default=etalage.kit.clock.now)),
                ('channel', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='publications', to='channels.channel')),
                ('post', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='publications', to='publishing.post')),
                ('replaces', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='replaced_by', to='publishing.publication')),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='DeliveryStep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(default=etalage.kit.clock.now)),
                ('from_state', models.CharField(max_length=12)),
                ('to_state', models.CharField(max_length=12)),
                ('reason', models.CharField(blank=True, max_length=40)),
                ('detail', models.CharField(blank=True, max_length=300)),
                ('attempt', models.PositiveIntegerField(default=0)),
                ('member', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL)),
                ('publication', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='steps', to='publishing.publication')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='RemotePart',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=40)),
                ('remote_id', models.CharField(max_length=300)),
                ('made_at', models.DateTimeField(default=etalage.kit.clock.now)),
                ('publication', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='parts', to='publishing.publication')),
            ],
        ),
        migrations.CreateModel(
            name='SecondCopy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('remote_id', models.CharField(max_length=200)),
                ('is_younger', models.BooleanField(default=True)),
                ('state', models.CharField(choices=[('open', 'Stands there twice'), ('asked', 'Being deleted'), ('removed', 'Deleted'), ('kept', 'May stay')], default='open', max_length=8)),
                ('reason', models.CharField(blank=True, max_length=40)),
                ('seen_at', models.DateTimeField(default=etalage.kit.clock.now)),
                ('publication', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='copies', to='publishing.publication')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='TrackedLink',
            fields=[
                ('id', models.UUIDField(default=etalage.kit.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('code', models.CharField(max_length=16, unique=True)),
                ('kind', models.CharField(choices=[('post', 'Post'), ('qr', 'Code in the store')], default='post', max_length=4)),
                ('target', models.CharField(max_length=500)),
                ('expires_at', models.DateTimeField(blank=True, null=True)),
                ('withdrawn', models.BooleanField(default=False)),
                ('created_at', models.DateTimeField(default=etalage.kit.clock.now)),
                ('campaign', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='links', to='publishing.campaign')),
                ('channel', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='links', to='channels.channel')),
                ('post', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='links', to='publishing.post')),
                ('product', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='links', to='catalogue.product')),
                ('publication', models.OneToOneField(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='link', to='publishing.publication')),
                ('store', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='links', to='accounts.store')),
            ],
        ),
        migrations.CreateModel(
            name='VisibilityLag',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('samples', models.JSONField(default=list)),
                ('taken_at', models.DateTimeField(default=etalage.kit.clock.now)),
                ('channel', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='visibility_lag', to='channels.channel')),
            ],
        ),
        migrations.AddConstraint(
            model_name='post',
            constraint=models.CheckConstraint(condition=models.Q(('expires_at__isnull', True), ('due_at__isnull', True), ('expires_at__gt', models.F('due_at')), _connector='OR'), name='post_expires_after_due'),
        ),
        migrations.AddConstraint(
            model_name='postproduct',
            constraint=models.UniqueConstraint(fields=('post', 'product'), name='product_once_per_post'),
        ),
        migrations.AddConstraint(
            model_name='promotioncode',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('amount_minor__gt', 0), ('percent__isnull', True)), models.Q(('amount_minor__isnull', True), ('percent__gte', 1), ('percent__lte', 100)), _connector='OR'), name='percent_or_amount'),
        ),
        migrations.AddConstraint(
            model_name='promotioncode',
            constraint=models.CheckConstraint(condition=models.Q(('usage_limit__isnull', True), ('used__lte', models.F('usage_limit')), _connector='OR'), name='code_not_overused'),
        ),
        migrations.AddIndex(
            model_name='publication',
            index=models.Index(fields=['state', 'next_attempt_at'], name='publishing__state_cfaa21_idx'),
        ),
        migrations.AddIndex(
            model_name='publication',
            index=models.Index(fields=['channel', 'state', 'next_attempt_at'], name='publication_line'),
        ),
        migrations.AddIndex(
            model_name='publication',
            index=models.Index(fields=['state', 'settle_until'], name='publishing__state_ba9c98_idx'),
        ),
        migrations.AddIndex(
            model_name='publication',
            index=models.Index(fields=['state', 'leased_until'], name='publishing__state_4db8f3_idx'),
        ),
        migrations.AddIndex(
            model_name='publication',
            index=models.Index(fields=['due_at'], name='publishing__due_at_8b5d76_idx'),
        ),
        migrations.AddConstraint(
            model_name='publication',
            constraint=models.UniqueConstraint(condition=models.Q(('replaces', None)), fields=('post', 'channel'), name='one_publication_per_channel'),
        ),
        migrations.AddConstraint(
            model_name='publication',
            constraint=models.UniqueConstraint(fields=('replaces',), name='replaced_once'),
        ),
        migrations.AddConstraint(
            model_name='remotepart',
            constraint=models.UniqueConstraint(fields=('publication', 'name'), name='part_once'),
        ),
        migrations.AddConstraint(
            model_name='secondcopy',
            constraint=models.UniqueConstraint(fields=('publication', 'remote_id'), name='second_copy_once'),
        ),
        migrations.AddConstraint(
            model_name='trackedlink',
            constraint=models.CheckConstraint(condition=models.Q(('target__startswith', '/'), models.Q(('target__startswith', '//'), _negated=True), models.Q(('target__startswith', '/\\'), _negated=True)), name='link_stays_at_home'),
        ),
        migrations.AddConstraint(
            model_name='trackedlink',
            constraint=models.UniqueConstraint(condition=models.Q(('kind', 'qr'), ('store__isnull', False)), fields=('product', 'store'), name='one_code_per_product_and_store'),
        ),
        migrations.AddConstraint(
            model_name='trackedlink',
            constraint=models.UniqueConstraint(condition=models.Q(('kind', 'qr'), ('store__isnull', True)), fields=('product',), name='one_code_per_product'),
        ),
    ]
