"""What is wrong with a dataset for a trainer: one rule for each thing that its loader would stumble over. Pure.

A rule looks at facts that were counted before, and returns what it found: which images, in the filter language, and
what mends it. `docs/lint.md` lists the rules; `tagging.queries.linting` counts, and says it in sentences.
"""
