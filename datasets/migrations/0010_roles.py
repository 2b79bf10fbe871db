"""Roles in place of the one owner: who owned a dataset is its member with that role."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

ROLES = [("OWNER", "owner"), ("REVIEWER", "reviewer"), ("TAGGER", "tagger"), ("VIEWER", "viewer")]
AT_ONCE = 1000


def make_owners_members(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Give each owner the membership."""
    datasets = apps.get_model("datasets", "Dataset").objects.using(schema_editor.connection.alias)
    members = apps.get_model("datasets", "Membership").objects.using(schema_editor.connection.alias)
    owned = datasets.exclude(owner=None).order_by("pk").values_list("pk", "owner")
    rows = [members.model(dataset_id=pk, user_id=owner, role="OWNER") for pk, owner in owned]
    members.bulk_create(rows, batch_size=AT_ONCE)
    # Since the dataset is there, and not since it was brought up to date: the same whenever and wherever that is.
    made_at = datasets.filter(pk=models.OuterRef("dataset")).values("created_at")
    members.update(created_at=models.Subquery(made_at))


def make_members_owners(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Give each dataset its first owner back."""
    datasets = apps.get_model("datasets", "Dataset").objects.using(schema_editor.connection.alias)
    members = apps.get_model("datasets", "Membership").objects.using(schema_editor.connection.alias)
    for pk, owner in members.filter(role="OWNER").order_by("-pk").values_list("dataset", "user"):
        datasets.filter(pk=pk).update(owner=owner)


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("datasets", "0009_exact_readings"),
    ]

    operations = [
        migrations.CreateModel(
            name="Membership",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("role", models.CharField(choices=ROLES, max_length=8, verbose_name="role")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="since")),
                (
                    "dataset",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="memberships",
                        to="datasets.dataset",
                        verbose_name="dataset",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="memberships",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "membership",
                "verbose_name_plural": "memberships",
                "constraints": [models.UniqueConstraint(fields=("dataset", "user"), name="membership_once")],
            },
        ),
        migrations.CreateModel(
            name="Invitation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("role", models.CharField(choices=ROLES, max_length=8, verbose_name="role")),
                ("digest", models.CharField(editable=False, max_length=64, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="made")),
                ("expires_at", models.DateTimeField(verbose_name="ends")),
                ("revoked_at", models.DateTimeField(blank=True, null=True, verbose_name="taken back")),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="made by",
                    ),
                ),
                (
                    "dataset",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="invitations",
                        to="datasets.dataset",
                        verbose_name="dataset",
                    ),
                ),
            ],
            options={"verbose_name": "invitation", "verbose_name_plural": "invitations"},
        ),
        migrations.RunPython(make_owners_members, make_members_owners),
    ]
