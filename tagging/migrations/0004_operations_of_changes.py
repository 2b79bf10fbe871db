import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tagging", "0003_fill_changes")]

    operations = [
        migrations.AlterField(
            model_name="tagoperation",
            name="change",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="operations",
                to="tagging.change",
                verbose_name="change",
            ),
        ),
        migrations.AlterField(
            model_name="tagoperation",
            name="kind",
            field=models.CharField(
                choices=[
                    ("ADD", "add"),
                    ("REMOVE", "remove"),
                    ("MOVE", "move"),
                    ("CAPTION", "caption"),
                    ("NUMBER", "number"),
                ],
                max_length=8,
                verbose_name="kind",
            ),
        ),
        migrations.RemoveField(model_name="tagoperation", name="source"),
        migrations.RemoveField(model_name="tagoperation", name="done_by"),
        migrations.RemoveField(model_name="tagoperation", name="done_at"),
    ]
