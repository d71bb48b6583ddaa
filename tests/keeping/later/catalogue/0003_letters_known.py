"""The column is never empty from now on; on SQLite the whole table is written anew for it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0002_letters")]
    operations = [
        migrations.AlterField("product", "letters", models.IntegerField()),
        migrations.AddIndex("product", models.Index(fields=["letters"], name="product_letters")),
    ]
