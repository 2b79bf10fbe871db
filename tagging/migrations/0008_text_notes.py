import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("datasets", "0005_desk"),
        ("tagging", "0007_vocabulary_history"),
    ]

    operations = [
        migrations.CreateModel(
            name="TextNote",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("REPLACED", "replaced by its successor"),
                            ("REFUSED", "left out"),
                            ("DOUBTED", "one letter from another"),
                        ],
                        max_length=8,
                        verbose_name="kind",
                    ),
                ),
                ("word", models.CharField(max_length=200, verbose_name="word")),
                ("other", models.CharField(blank=True, max_length=200, verbose_name="the other word")),
                (
                    "job",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="text_notes",
                        to="datasets.importjob",
                        verbose_name="import",
                    ),
                ),
            ],
            options={
                "verbose_name": "note on the texts of an import",
                "verbose_name_plural": "notes on the texts of an import",
                "constraints": [models.UniqueConstraint(fields=("job", "word"), name="text_note_once")],
            },
        ),
    ]
