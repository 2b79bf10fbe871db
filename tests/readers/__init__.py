"""What each trainer's loader makes of a folder, written from what is known of the loaders and not from the exporter.

No reader knows how the program writes; each only promises to see what its trainer would see, with its quirks, and to
raise `LoaderStops` where the trainer would stop.
"""
