import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("datasets", "0005_desk"),
        ("tagging", "0004_operations_of_changes"),
    ]

    operations = [
        migrations.CreateModel(
            name="DatasetVocabulary",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "spelling",
                    models.CharField(
                        choices=[
                            ("AS_TYPED", "as they are typed"),
                            ("SPACES", "with spaces: red dress"),
                            ("UNDERSCORES", "with underscores: red_dress"),
                        ],
                        default="AS_TYPED",
                        max_length=11,
                        verbose_name="spelling",
                    ),
                ),
            ],
            options={
                "verbose_name": "vocabulary of a dataset",
                "verbose_name_plural": "vocabularies of datasets",
            },
        ),
        migrations.CreateModel(
            name="TagExample",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ],
            options={
                "verbose_name": "example of a tag",
                "verbose_name_plural": "examples of a tag",
            },
        ),
        migrations.CreateModel(
            name="TagImplication",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ],
            options={
                "verbose_name": "implication",
                "verbose_name_plural": "implications",
            },
        ),
        migrations.CreateModel(
            name="TagKeptAway",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ],
            options={
                "verbose_name": "tag that is kept away",
                "verbose_name_plural": "tags that are kept away",
            },
        ),
        migrations.CreateModel(
            name="TagScope",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ],
            options={
                "verbose_name": "dataset of a tag",
                "verbose_name_plural": "datasets of a tag",
            },
        ),
        migrations.AddField(
            model_name="tag",
            name="deprecated_at",
            field=models.DateTimeField(
                blank=True, help_text="Empty for a tag that may be used.", null=True, verbose_name="not used since"
            ),
        ),
        migrations.AddField(
            model_name="tag",
            name="description",
            field=models.TextField(
                blank=True,
                help_text="What it is for, and what not: shown where people choose tags.",
                verbose_name="description",
            ),
        ),
        migrations.AddField(
            model_name="tag",
            name="successor",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="predecessors",
                to="tagging.tag",
                verbose_name="takes its place",
            ),
        ),
        migrations.AddConstraint(
            model_name="tag",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("successor", None), models.Q(("successor", models.F("id")), _negated=True), _connector="OR"
                ),
                name="tag_does_not_succeed_itself",
            ),
        ),
        migrations.AddField(
            model_name="datasetvocabulary",
            name="dataset",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="vocabulary",
                to="datasets.dataset",
                verbose_name="dataset",
            ),
        ),
        migrations.AddField(
            model_name="tagexample",
            name="image",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="tag_examples",
                to="datasets.image",
                verbose_name="image",
            ),
        ),
        migrations.AddField(
            model_name="tagexample",
            name="tag",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="examples",
                to="tagging.tag",
                verbose_name="tag",
            ),
        ),
        migrations.AddField(
            model_name="tagimplication",
            name="implies",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="implied_by",
                to="tagging.tag",
                verbose_name="implies",
            ),
        ),
        migrations.AddField(
            model_name="tagimplication",
            name="tag",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="implications",
                to="tagging.tag",
                verbose_name="tag",
            ),
        ),
        migrations.AddField(
            model_name="tagkeptaway",
            name="operation",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="kept_away",
                to="tagging.tagoperation",
                verbose_name="operation",
            ),
        ),
        migrations.AddField(
            model_name="tagscope",
            name="dataset",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="tag_scopes",
                to="datasets.dataset",
                verbose_name="dataset",
            ),
        ),
        migrations.AddField(
            model_name="tagscope",
            name="tag",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="scopes", to="tagging.tag", verbose_name="tag"
            ),
        ),
        migrations.AddConstraint(
            model_name="tagexample",
            constraint=models.UniqueConstraint(fields=("tag", "image"), name="tag_example_once"),
        ),
        migrations.AddConstraint(
            model_name="tagimplication",
            constraint=models.UniqueConstraint(fields=("tag", "implies"), name="tag_implication_once"),
        ),
        migrations.AddConstraint(
            model_name="tagimplication",
            constraint=models.CheckConstraint(
                condition=models.Q(("tag", models.F("implies")), _negated=True), name="tag_does_not_imply_itself"
            ),
        ),
        migrations.AddConstraint(
            model_name="tagscope",
            constraint=models.UniqueConstraint(fields=("tag", "dataset"), name="tag_scope_once"),
        ),
    ]
