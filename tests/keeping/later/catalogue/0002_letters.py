"""A new column, filled from what stands in each row."""

from typing import Any

from django.db import migrations, models


def count(apps: Any, _editor: Any) -> None:
    for product in apps.get_model("catalogue", "product").objects.iterator():
        product.letters = len(product.handle)
        product.save()


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0001_initial")]
    operations = [
        migrations.AddField("product", "letters", models.IntegerField(null=True)),
        migrations.RunPython(count),
    ]
