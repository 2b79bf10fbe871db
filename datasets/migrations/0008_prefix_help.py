from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("datasets", "0007_kept_pictures"),
    ]

    operations = [
        migrations.AlterField(
            model_name="dataset",
            name="file_prefix",
            field=models.CharField(
                help_text="Exported files are named PREFIX-0001.jpg, PREFIX-0002.jpg, …",
                max_length=64,
                verbose_name="file prefix",
            ),
        ),
    ]
