"""Every operation of before becomes a change of its own, and every tagged image is in progress: one statement each."""

from django.db import migrations
from django.db.models import OuterRef, Subquery


def make_changes(apps, schema_editor):
    Change = apps.get_model("tagging", "Change")
    TagOperation = apps.get_model("tagging", "TagOperation")
    quote = schema_editor.quote_name
    change, operation = quote(Change._meta.db_table), quote(TagOperation._meta.db_table)
    image = quote(apps.get_model("datasets", "Image")._meta.db_table)
    schema_editor.execute(
        f"INSERT INTO {change} (key, dataset_id, source, done_by_id, done_at, reason) "
        f"SELECT o.key, i.dataset_id, o.source, o.done_by_id, o.done_at, '' FROM {operation} o "
        f"JOIN {image} i ON i.id = o.image_id ORDER BY o.id"
    )
    of_operation = Change.objects.filter(key=OuterRef("key")).values("pk")[:1]
    TagOperation.objects.update(change=Subquery(of_operation))


def set_review_states(apps, schema_editor):
    Image = apps.get_model("datasets", "Image")
    Image.objects.filter(is_tagged=True).update(review_state="IN_PROGRESS")


def add_categories(apps, schema_editor):
    TagCategory = apps.get_model("tagging", "TagCategory")
    known = [
        (0, "general", "blue"),
        (1, "artist", "red"),
        (3, "copyright", "purple"),
        (4, "character", "green"),
        (5, "meta", "orange"),
    ]
    for number, name, colour in known:
        TagCategory.objects.create(number=number, name=name, colour=colour)


class Migration(migrations.Migration):
    dependencies = [("tagging", "0002_history_and_vocabulary"), ("datasets", "0005_desk")]

    operations = [
        migrations.RunPython(make_changes, migrations.RunPython.noop),
        migrations.RunPython(set_review_states, migrations.RunPython.noop),
        migrations.RunPython(add_categories, migrations.RunPython.noop),
    ]
