"""What a sidecar says moves from its item to the rows that lists of captions use too."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def move_texts(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Make a row of each text."""
    items = apps.get_model("datasets", "ImportItem")
    texts = apps.get_model("datasets", "SidecarText")
    rows = items.objects.filter(kind="SIDECAR").exclude(text="").values_list("pk", "job_id", "stem_key", "text")
    batch = []
    for item_id, job_id, stem_key, text in rows.iterator(chunk_size=1000):
        batch.append(texts(item_id=item_id, job_id=job_id, stem_key=stem_key, reading="GUESS", text=text))
        if len(batch) == 1000:
            texts.objects.bulk_create(batch)
            batch = []
    texts.objects.bulk_create(batch)


def move_back(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Put the texts of sidecars back onto their items; those of lists are read again from the lists."""
    items = apps.get_model("datasets", "ImportItem")
    texts = apps.get_model("datasets", "SidecarText")
    for item_id, text in texts.objects.filter(item__kind="SIDECAR").values_list("item_id", "text").iterator():
        items.objects.filter(pk=item_id).update(text=text)


class Migration(migrations.Migration):
    dependencies = [
        ("datasets", "0002_scale_and_survive"),
    ]

    operations = [
        migrations.RunPython(move_texts, move_back),
    ]
