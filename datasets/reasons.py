"""Why a file was refused: a code for programs, a sentence for people that says what to do."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Reason(models.TextChoices):
    """Every end a file can come to other than being ready. The label is the sentence."""

    EMPTY = (
        "EMPTY",
        _("The file is empty (0 bytes). Copy it again from where it came from."),
    )
    FILE_TOO_LARGE = (
        "FILE_TOO_LARGE",
        _("The file is larger than %(limit)s. Save a smaller version, or raise MAX_FILE_BYTES."),
    )
    NOT_AN_IMAGE = (
        "NOT_AN_IMAGE",
        _(
            "This is not a picture in one of the seven formats (JPEG, PNG, WebP, GIF, BMP, TIFF, AVIF), whatever "
            "its name says. Save it as one of them."
        ),
    )
    TOO_MANY_PIXELS = (
        "TOO_MANY_PIXELS",
        _(
            "The picture says it has %(size)s pixels, more than the limit of %(limit)s. Scale it down, or raise "
            "MAX_IMAGE_PIXELS."
        ),
    )
    DAMAGED = (
        "DAMAGED",
        _(
            "The picture is cut off or damaged and cannot be read to its end. Copy it again, or save it anew in "
            "an image program."
        ),
    )
    OUT_OF_MEMORY = (
        "OUT_OF_MEMORY",
        _(
            "Reading this picture takes more memory than there is for one. Scale it down, or raise "
            "DECODER_MEMORY_BYTES."
        ),
    )
    TOO_SLOW = (
        "TOO_SLOW",
        _("Reading this picture took too long and was given up. Save it anew in an image program."),
    )
    CRASHED = (
        "CRASHED",
        _("This file ended the program that reads pictures three times. Save it anew in an image program."),
    )
    WORKERS_DIED = (
        "WORKERS_DIED",
        _("Ten workers ended before this file was read. Look into the server's log, then try it again."),
    )
    CHECKSUM = (
        "CHECKSUM",
        _("What arrived is not what was sent: the bytes changed on the way. Send this file again."),
    )
    DISK_FULL = (
        "DISK_FULL",
        _("The server's disk is full, so the picture was not stored. Make room, then import it again."),
    )
    INCOMPLETE = (
        "INCOMPLETE",
        _("Not all bytes of this file arrived. Import it again."),
    )
    NOT_STORED = (
        "NOT_STORED",
        _("The server could not store this file; its log says why. Import it again."),
    )
    UNREADABLE = (
        "UNREADABLE",
        _("The file could not be read where it lies. Check that the program may read it, then import it again."),
    )
    NOT_TEXT = (
        "NOT_TEXT",
        _("This is not text that can be read for sure, so nothing of it was taken. Save it as UTF-8."),
    )
    TEXT_TOO_LONG = (
        "TEXT_TOO_LONG",
        _("This text is larger than %(limit)s: too long for tags or a caption. Leave it out, or shorten it."),
    )
    NO_IMAGE = (
        "NO_IMAGE",
        _("No picture of the same name came with this text. Give it the picture's name, and import both."),
    )
    ALREADY_TAGGED = (
        "ALREADY_TAGGED",
        _("The picture of this name has tags or a caption already; they were left as they are."),
    )
    TEXT_LEFT_OUT = (
        "TEXT_LEFT_OUT",
        _("The texts of this import were left out, as you chose."),
    )
    WINDOWS_TEXT = (
        "WINDOWS_TEXT",
        _("This text is not UTF-8 and was read as Windows-1252. Look whether its accents are right."),
    )
    UTF16_TEXT = (
        "UTF16_TEXT",
        _("This text looks like UTF-16, does not say so, and was read as such. Look whether it is right."),
    )
    NOT_A_LIST = (
        "NOT_A_LIST",
        _("This is no list of captions that is known here: neither kohya's JSON nor lines with file_name and text."),
    )
    LIST_TOO_LARGE = (
        "LIST_TOO_LARGE",
        _("This list of captions is larger than %(limit)s. Split it into several."),
    )
    LIST_TOO_LONG = (
        "LIST_TOO_LONG",
        _("This list has more than %(limit)s rows. Split it into several."),
    )
    LIST_NOTES = (
        "LIST_NOTES",
        _("The list was read, with these notes."),
    )
    LIST_WITHOUT_IMAGES = (
        "LIST_WITHOUT_IMAGES",
        _("None of the pictures that this list names is here. Names are read from the folder that the list lies in."),
    )
    NOT_A_ZIP = (
        "NOT_A_ZIP",
        _("This is not a zip, whatever its name says. Unpack it where it came from and import the folder."),
    )
    ARCHIVE_DAMAGED = (
        "ARCHIVE_DAMAGED",
        _("The zip is cut off, damaged or one part of several, and nothing of it was read. Copy or pack it again."),
    )
    ARCHIVE_TOO_LARGE = (
        "ARCHIVE_TOO_LARGE",
        _("The zip is larger than %(limit)s. Pack it as several zips, or raise MAX_ARCHIVE_BYTES."),
    )
    ARCHIVE_TOO_MANY = (
        "ARCHIVE_TOO_MANY",
        _("The zip lists more than %(limit)s files. Pack it as several zips, or raise MAX_ARCHIVE_ENTRIES."),
    )
    ARCHIVE_TOO_MUCH = (
        "ARCHIVE_TOO_MUCH",
        _(
            "Unpacked, this zip has %(size)s, more than the limit of %(limit)s. Pack it as several zips, or raise "
            "MAX_ARCHIVE_UNPACKED_BYTES."
        ),
    )
    ARCHIVE_RATIO = (
        "ARCHIVE_RATIO",
        _(
            "This unpacks to more than %(limit)s times its size, which images hardly ever do, and was left packed. If "
            "you trust it, unpack the zip and import the folder."
        ),
    )
    ARCHIVE_OVERLAP = (
        "ARCHIVE_OVERLAP",
        _("Files of this zip share their bytes, as no packing program does; nothing of it was read. Pack it again."),
    )
    ARCHIVE_ENCRYPTED = (
        "ARCHIVE_ENCRYPTED",
        _("This is protected by a password. Unpack the zip with it, and import the folder."),
    )
    ARCHIVE_NO_IMAGES = (
        "ARCHIVE_NO_IMAGES",
        _("There are no images in this zip. Look whether it is the right one."),
    )
    ARCHIVE_UNREADABLE = (
        "ARCHIVE_UNREADABLE",
        _("No file of this zip can be read. Each of them says why."),
    )
    ENTRY_DAMAGED = (
        "ENTRY_DAMAGED",
        _("This file is damaged inside the zip; the others are not touched by it. Pack it again, or import it alone."),
    )
    ENTRY_METHOD = (
        "ENTRY_METHOD",
        _("This file is packed in a way that is not read here (%(method)s). Pack it as an ordinary zip (“Deflate”)."),
    )
    ENTRY_LINK = (
        "ENTRY_LINK",
        _("This is a link or a device, not a file: it leads out of the zip. Put the file itself into the zip."),
    )
    NESTED_ARCHIVE = (
        "NESTED_ARCHIVE",
        _("An archive inside a zip is left packed. Unpack it, and import what it holds."),
    )
    HIDDEN = (
        "HIDDEN",
        _("Its name begins with a dot: a hidden file, left out."),
    )
    MAC_LEFTOVER = (
        "MAC_LEFTOVER",
        _("macOS put this into the zip beside the files; nobody needs it."),
    )
    NOT_NEEDED = (
        "NOT_NEEDED",
        _("By its name this is neither an image nor a text beside one; it was left out."),
    )
    RESTORED = (
        "RESTORED",
        _("It was in the trash and was brought back with its tags."),
    )
    CANCELLED = (
        "CANCELLED",
        _("The import was cancelled before this file was read. Try again brings it in."),
    )


# These say nothing of the file itself: the same bytes may well be taken the next time.
PASSING = frozenset(
    {
        Reason.DISK_FULL,
        Reason.NOT_STORED,
        Reason.INCOMPLETE,
        Reason.CHECKSUM,
        Reason.TOO_SLOW,
        Reason.CRASHED,
        Reason.WORKERS_DIED,
        Reason.OUT_OF_MEMORY,
        Reason.UNREADABLE,
    }
)
