"""Addresses of datasets, imports and stored files."""

from django.urls import path

from datasets.views import datasets, files, imports, members, trash

app_name = "datasets"

urlpatterns = [
    path("", datasets.dataset_list, name="list"),
    path("datasets/new/", datasets.create, name="create"),
    path("datasets/<int:dataset_id>/", datasets.detail, name="detail"),
    path("datasets/<int:dataset_id>/settings/", datasets.settings, name="settings"),
    path("datasets/<int:dataset_id>/members/", members.members_page, name="members"),
    path("datasets/<int:dataset_id>/members/change/", members.change, name="members_change"),
    path("datasets/<int:dataset_id>/members/remove/", members.remove, name="members_remove"),
    path("datasets/<int:dataset_id>/members/invite/", members.invite, name="members_invite"),
    path("datasets/<int:dataset_id>/members/revoke/", members.revoke, name="members_revoke"),
    path("invitations/<str:secret>/", members.invitation, name="invitation"),
    path("datasets/<int:dataset_id>/trash/", trash.trash_page, name="trash"),
    path("datasets/<int:dataset_id>/trash/restore/", trash.restore_images, name="trash_restore"),
    path("datasets/<int:dataset_id>/trash/empty/", trash.empty, name="trash_empty"),
    path("datasets/<int:dataset_id>/import/", imports.import_page, name="import"),
    path("imports/<int:job_id>/", imports.import_job, name="import_job"),
    path("files/images/<int:image_id>/thumbnail/", files.thumbnail, name="thumbnail"),
    path(
        "files/datasets/<int:dataset_id>/pictures/<slug:sha256>/thumbnail/",
        files.picture_thumbnail,
        name="picture_thumbnail",
    ),
    path("files/images/<int:image_id>/preview/", files.preview, name="preview"),
    path("files/images/<int:image_id>/original/", files.original, name="original"),
]
