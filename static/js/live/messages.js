// The types of live messages; a test holds them against the `messages.py` of the apps.

export const IMPORT_PROGRESS = "import.progress";
export const DATASET_CHANGED = "dataset.changed";
