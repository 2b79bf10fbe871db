"""The owner goes; apart from the rows before, as PostgreSQL changes no table whose rows were written just now."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("datasets", "0010_roles"),
    ]

    operations = [
        migrations.RemoveField(model_name="dataset", name="owner"),
    ]
