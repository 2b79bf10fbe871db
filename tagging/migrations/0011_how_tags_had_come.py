import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

WAYS = [("PERSON", "person"), ("SIDECAR", "sidecar"), ("BULK", "bulk"), ("RULE", "rule"), ("MODEL", "model")]


class Migration(migrations.Migration):
    dependencies = [
        ("tagging", "0010_text_lengths"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="tagoperation",
            name="was_source",
            field=models.CharField(blank=True, choices=WAYS, max_length=8, null=True, verbose_name="had come"),
        ),
        migrations.AddField(
            model_name="tagoperation",
            name="was_added_by",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="had been added by",
            ),
        ),
        migrations.AddField(
            model_name="tagoperation",
            name="was_added_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="had been added"),
        ),
        # The column stays what it is; SQLite would copy the whole table for this.
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name="imagetag",
                    name="added_at",
                    field=models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name="added"),
                ),
            ],
        ),
    ]
