"""This app's pages."""

from django.urls import path

from tagging.views.export import export_page

app_name = "tagging"

urlpatterns = [
    path("datasets/<int:dataset_id>/export/", export_page, name="export"),
]
