"""Static files under names that carry their content's hash, so that browsers may keep them for ever."""

from django.contrib.staticfiles.storage import ManifestStaticFilesStorage

_FROM = r"""\s*from\s*['"](?P<url>[./][^'"]*)['"]\s*;)"""


class HashedStaticFilesStorage(ManifestStaticFilesStorage):
    """Django's hashed storage, following the `import` lines of ES modules too.

    Django's own patterns for these lines also begin inside a comment ("… the export page …") and run on to the next
    `from "…"`, which then gets its hash twice. Here a statement begins its line and holds no quote and no semicolon.
    """

    support_js_module_import_aggregation = True
    # A module's name depends on those of the modules it imports, and theirs on others: each pass gets one step further
    # at least. How many it takes depends on the order in which the disk lists them; Django gives up after five.
    max_post_process_passes = 30
    _js_module_import_aggregation_patterns = (
        "*.js",
        (
            (rf"""(?P<matched>(?m:^)import(?P<import>[\s{{][^;'"]*?){_FROM}""", 'import%(import)s from "%(url)s";'),
            (rf"""(?P<matched>(?m:^)export(?P<exports>[\s{{][^;'"]*?){_FROM}""", 'export%(exports)s from "%(url)s";'),
            (r"""(?P<matched>(?m:^)import\s*['"](?P<url>[./][^'"]*)['"]\s*;)""", 'import"%(url)s";'),
            (r"""(?P<matched>import\(['"](?P<url>[./][^'"]*)['"]\))""", 'import("%(url)s")'),
        ),
    )
