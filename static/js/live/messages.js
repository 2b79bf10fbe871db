// The types of live messages; a test holds them against the `messages.py` of the apps.

export const IMPORT_PROGRESS = "import.progress";
export const DATASET_CHANGED = "dataset.changed";
export const BULK_PROGRESS = "bulk.progress";
export const EXPORT_PROGRESS = "export.progress";
export const DESK_CHANGED = "desk.changed";
export const DESK_PEOPLE = "desk.people";
export const DESK_TAKEN = "desk.taken";
export const RIGHTS_NOW = "rights.now";
