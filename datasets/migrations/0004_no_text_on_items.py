"""The column whose texts have moved. Apart from moving them: PostgreSQL changes rows and tables one after the other."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("datasets", "0003_texts_in_rows"),
    ]

    operations = [
        migrations.RemoveField(model_name="importitem", name="text"),
    ]
