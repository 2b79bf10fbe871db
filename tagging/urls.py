"""This app's pages."""

from django.urls import path

from tagging.views.board import board_page, remove_goal_page, undo_goal
from tagging.views.duplicates import duplicates_page, undo_duplicates
from tagging.views.export import export_page
from tagging.views.export_file import export_file
from tagging.views.history import history_page, undo_entry
from tagging.views.rewording import reword_page
from tagging.views.spelling import change_spelling
from tagging.views.versions import (
    compare_page,
    delete_one,
    fork_one,
    freeze_now,
    restore_one,
    version_page,
    versions_page,
)
from tagging.views.vocabulary import change_words, undo_sorting, vocabulary_page

app_name = "tagging"

urlpatterns = [
    path("vocabulary/", vocabulary_page, name="vocabulary"),
    path("vocabulary/change/", change_words, name="vocabulary_change"),
    path("vocabulary/undo/", undo_sorting, name="vocabulary_undo"),
    path("vocabulary/<slug:kind>/", reword_page, name="reword"),
    path("datasets/<int:dataset_id>/board/", board_page, name="board"),
    path("datasets/<int:dataset_id>/board/remove/", remove_goal_page, name="goal_remove"),
    path("datasets/<int:dataset_id>/board/undo/", undo_goal, name="goal_undo"),
    path("datasets/<int:dataset_id>/duplicates/", duplicates_page, name="duplicates"),
    path("datasets/<int:dataset_id>/duplicates/undo/", undo_duplicates, name="duplicates_undo"),
    path("datasets/<int:dataset_id>/history/", history_page, name="history"),
    path("datasets/<int:dataset_id>/history/undo/", undo_entry, name="history_undo"),
    path("datasets/<int:dataset_id>/spelling/", change_spelling, name="spelling"),
    path("datasets/<int:dataset_id>/versions/", versions_page, name="versions"),
    path("datasets/<int:dataset_id>/versions/freeze/", freeze_now, name="version_freeze"),
    path("datasets/<int:dataset_id>/versions/compare/", compare_page, name="version_compare"),
    path("datasets/<int:dataset_id>/versions/<int:version_id>/", version_page, name="version"),
    path("datasets/<int:dataset_id>/versions/<int:version_id>/restore/", restore_one, name="version_restore"),
    path("datasets/<int:dataset_id>/versions/<int:version_id>/fork/", fork_one, name="version_fork"),
    path("datasets/<int:dataset_id>/versions/<int:version_id>/delete/", delete_one, name="version_delete"),
    path("datasets/<int:dataset_id>/export/", export_page, name="export"),
    path("datasets/<int:dataset_id>/exports/<int:job_id>/<str:file_name>", export_file, name="export_file"),
]
