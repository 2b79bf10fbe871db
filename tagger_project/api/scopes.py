"""What each operation of the API needs of a token, and what it is called in the OpenAPI document.

An operation that is not here is open to no token, and a test says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy

from tagger_project.models.api_token import Scope

EXPLANATIONS = {
    Scope.READ: gettext_lazy("See datasets, pictures, words, history and numbers."),
    Scope.TAG: gettext_lazy("Change words, review, use the trash, undo."),
    Scope.IMPORT: gettext_lazy("Put pictures and their texts into datasets."),
    Scope.EXPORT: gettext_lazy("Make versions and exports, and download them."),
    Scope.MANAGE: gettext_lazy("Make and set up datasets, change the vocabulary, delete for ever."),
}


@dataclass(frozen=True)
class Words:
    """The scope of an operation, and its `operationId` where that is not the name of its function."""

    scope: Scope
    operation_id: str = ""


OPERATIONS: dict[str, Words] = {
    # datasets.api
    "datasets.api.list_datasets": Words(Scope.READ),
    "datasets.api.create_dataset": Words(Scope.MANAGE),
    "datasets.api.get_dataset": Words(Scope.READ),
    "datasets.api.change_dataset": Words(Scope.MANAGE),
    "datasets.api.get_image": Words(Scope.READ),
    "datasets.api.move_to_trash": Words(Scope.TAG),
    "datasets.api.list_trash": Words(Scope.READ),
    "datasets.api.restore_images": Words(Scope.TAG),
    "datasets.api.empty_trash": Words(Scope.MANAGE),
    "datasets.api.start_import": Words(Scope.IMPORT),
    "datasets.api.get_import": Words(Scope.READ),
    "datasets.api.announce_files": Words(Scope.IMPORT),
    "datasets.api.declare_checksums": Words(Scope.IMPORT),
    "datasets.api.retry_items": Words(Scope.IMPORT),
    "datasets.api.cancel_import": Words(Scope.IMPORT),
    "datasets.api.list_items": Words(Scope.READ),
    "datasets.api.send_chunk": Words(Scope.IMPORT),
    "datasets.api.seal_import": Words(Scope.IMPORT),
    "datasets.api.finish_import": Words(Scope.IMPORT),
    # datasets.grid_api
    "datasets.grid_api.list_images": Words(Scope.READ),
    "datasets.grid_api.list_landmarks": Words(Scope.READ),
    "datasets.grid_api.list_ids": Words(Scope.READ),
    # datasets.members_api
    "datasets.members_api.list_members": Words(Scope.READ),
    "datasets.members_api.change_member": Words(Scope.MANAGE),
    "datasets.members_api.remove_member": Words(Scope.MANAGE),
    "datasets.members_api.list_invitations": Words(Scope.MANAGE),
    "datasets.members_api.invite": Words(Scope.MANAGE),
    "datasets.members_api.revoke_invitation": Words(Scope.MANAGE),
    # tagging.api
    "tagging.api.get_tags": Words(Scope.READ),
    "tagging.api.edit_image": Words(Scope.TAG),
    "tagging.api.review_image": Words(Scope.TAG),
    "tagging.api.list_reviews": Words(Scope.READ),
    "tagging.api.suggest_tags": Words(Scope.READ),
    "tagging.api.get_sidecars": Words(Scope.READ),
    "tagging.api.decide_sidecars": Words(Scope.IMPORT),
    "tagging.api.list_near_duplicates": Words(Scope.READ),
    "tagging.api.keep_near_duplicate": Words(Scope.TAG),
    "tagging.api.undo_near_duplicate": Words(Scope.TAG),
    "tagging.api.keep_all_near_duplicates": Words(Scope.TAG),
    "tagging.api.undo_keep_all": Words(Scope.TAG),
    # tagging.desk_api
    "tagging.desk_api.list_quick_tags": Words(Scope.READ),
    "tagging.desk_api.pin_to_free_key": Words(Scope.TAG),
    "tagging.desk_api.pin_to_key": Words(Scope.TAG),
    "tagging.desk_api.unpin_key": Words(Scope.TAG),
    "tagging.desk_api.list_recent_tags": Words(Scope.READ),
    "tagging.desk_api.compose_text": Words(Scope.READ),
    "tagging.desk_api.read_vocabulary_settings": Words(Scope.READ),
    "tagging.desk_api.change_vocabulary_settings": Words(Scope.MANAGE),
    "tagging.desk_api.list_pictures_to_ask": Words(Scope.READ),
    # tagging.filter_api
    "tagging.filter_api.list_completions": Words(Scope.READ),
    "tagging.filter_api.list_tag_counts": Words(Scope.READ),
    # tagging.history_api
    "tagging.history_api.read_image_history": Words(Scope.READ),
    "tagging.history_api.read_blame": Words(Scope.READ),
    "tagging.history_api.read_dataset_history": Words(Scope.READ),
    "tagging.history_api.undo": Words(Scope.TAG, "undo_change"),
    # tagging.bulk_api
    "tagging.bulk_api.preview": Words(Scope.READ, "preview_bulk_action"),
    "tagging.bulk_api.do": Words(Scope.TAG, "start_bulk_action"),
    "tagging.bulk_api.undo": Words(Scope.TAG, "undo_change_as_job"),
    "tagging.bulk_api.read_job": Words(Scope.READ, "read_bulk_job"),
    "tagging.bulk_api.cancel_job": Words(Scope.TAG, "cancel_bulk_job"),
    "tagging.bulk_api.list_tags_of": Words(Scope.READ),
    # tagging.board_api
    "tagging.board_api.read_board": Words(Scope.READ),
    "tagging.board_api.list_goals": Words(Scope.READ),
    "tagging.board_api.create_goal": Words(Scope.MANAGE),
    "tagging.board_api.replace_goal": Words(Scope.MANAGE),
    "tagging.board_api.delete_goal": Words(Scope.MANAGE),
    # tagging.exports_api
    "tagging.exports_api.list_export_profiles": Words(Scope.READ),
    "tagging.exports_api.preview_captions": Words(Scope.READ),
    "tagging.exports_api.start_export": Words(Scope.EXPORT),
    "tagging.exports_api.list_exports": Words(Scope.READ),
    "tagging.exports_api.read_export": Words(Scope.READ),
    "tagging.exports_api.cancel_export": Words(Scope.EXPORT),
    "tagging.exports_api.delete_export": Words(Scope.EXPORT),
    # tagging.lint_api
    "tagging.lint_api.list_findings": Words(Scope.READ),
    "tagging.lint_api.mend": Words(Scope.TAG, "mend_findings"),
    # tagging.versions_api
    "tagging.versions_api.list_versions": Words(Scope.READ),
    "tagging.versions_api.make_version": Words(Scope.EXPORT),
    "tagging.versions_api.read_version": Words(Scope.READ),
    "tagging.versions_api.remove_version": Words(Scope.MANAGE),
    "tagging.versions_api.read_difference": Words(Scope.READ),
    "tagging.versions_api.read_forecast": Words(Scope.READ),
    "tagging.versions_api.restore_version": Words(Scope.MANAGE),
    "tagging.versions_api.fork_version": Words(Scope.MANAGE),
    # tagging.vocabulary_api
    "tagging.vocabulary_api.read_tag": Words(Scope.READ),
    "tagging.vocabulary_api.complete_tag": Words(Scope.READ),
    "tagging.vocabulary_api.read_tag_by_name": Words(Scope.READ),
    "tagging.vocabulary_api.change_tag": Words(Scope.MANAGE),
    "tagging.vocabulary_api.give_alias": Words(Scope.MANAGE),
    "tagging.vocabulary_api.take_alias": Words(Scope.MANAGE),
    "tagging.vocabulary_api.give_implication": Words(Scope.MANAGE),
    "tagging.vocabulary_api.take_implication": Words(Scope.MANAGE),
    "tagging.vocabulary_api.take_out_of_use": Words(Scope.MANAGE),
    "tagging.vocabulary_api.take_back_into_use": Words(Scope.MANAGE),
    "tagging.vocabulary_api.scope_tag": Words(Scope.MANAGE),
    "tagging.vocabulary_api.give_examples": Words(Scope.MANAGE),
    "tagging.vocabulary_api.take_example": Words(Scope.MANAGE),
    # sessions_app.api
    "sessions_app.api.read_place": Words(Scope.READ),
    "sessions_app.api.write_place": Words(Scope.TAG),
    "sessions_app.api.read_desk": Words(Scope.READ),
    "sessions_app.api.count_images": Words(Scope.READ),
    "sessions_app.api.create_walk": Words(Scope.TAG),
    "sessions_app.api.list_walks": Words(Scope.READ),
    "sessions_app.api.read_walk": Words(Scope.READ),
    "sessions_app.api.change_walk": Words(Scope.TAG),
    "sessions_app.api.end_walk": Words(Scope.TAG),
    "sessions_app.api.remove_walk": Words(Scope.TAG),
    "sessions_app.api.read_key_map": Words(Scope.READ),
    "sessions_app.api.write_key_map": Words(Scope.MANAGE),
    # sessions_app.people_api
    "sessions_app.people_api.write_presence": Words(Scope.TAG),
    "sessions_app.people_api.end_presence": Words(Scope.TAG),
    "sessions_app.people_api.read_people": Words(Scope.READ),
    "sessions_app.people_api.read_people_of_all": Words(Scope.READ),
    "sessions_app.people_api.read_changes": Words(Scope.READ),
    "sessions_app.people_api.take_image": Words(Scope.TAG),
    "sessions_app.people_api.take_next": Words(Scope.TAG),
}


def name_of(view: Callable[..., Any]) -> str:
    """Return what an operation is called in the table."""
    return f"{view.__module__}.{view.__name__}"
