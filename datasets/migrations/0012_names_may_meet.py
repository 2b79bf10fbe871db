"""Two people who see nothing of each other's may give the same name."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("datasets", "0011_no_owner"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="dataset", name="dataset_name_unique"),
    ]
