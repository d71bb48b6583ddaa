"""Why a whole file cannot be read; each says what to do."""

from __future__ import annotations

from etalage.kit.errors import Refusal, gettext_noop

SENTENCES = {
    "not_found": gettext_noop("There is no file here that can be read. Check its name and try again."),
    "gone": gettext_noop("The file is no longer kept. Choose it again."),
    "empty": gettext_noop("The file is empty. Export it again and check that it has rows."),
    "too_large": gettext_noop(
        "The file is larger than %(limit)s MB. Split it, or import it on the server with: etalage import"
    ),
    "old_excel": gettext_noop(
        "This is an old or protected Excel file. Save it as .xlsx or CSV without a password and try again."
    ),
    "pdf": gettext_noop("This is a PDF. Export the rows as CSV or .xlsx instead."),
    "picture": gettext_noop("This is a picture. Export the rows as CSV or .xlsx instead."),
    "web_page": gettext_noop("This is a web page, not a table. Download the file itself and try again."),
    "archive": gettext_noop("This is an archive. Unpack it and choose the file inside."),
    "binary": gettext_noop("This file is not text. Export the rows as CSV or .xlsx."),
    "broken": gettext_noop("The file is damaged or cut off. Export it again."),
    "bomb": gettext_noop("The file unpacks to an unreasonable size, so it was not opened."),
    "encoding": gettext_noop("Some letters of the file cannot be read. Save it as UTF-8 and try again."),
    "no_table": gettext_noop(
        "No table was found in the file. The first row must hold the names of the columns."
    ),
    "too_wide": gettext_noop(
        "The file has more than %(limit)s columns. Choose another separator, or leave out what is not needed."
    ),
    "unknown_encoding": gettext_noop(
        "There is no encoding with this name. Choose one such as utf-8 or cp1252."
    ),
    "column_unknown": gettext_noop("The file has no column “%(name)s”. Its columns are: %(columns)s."),
    "field_unknown": gettext_noop("Nothing is called “%(name)s” here. Choose among: %(fields)s."),
    "columns_missing": gettext_noop(
        "No column was found for: %(fields)s. Say which one it is; the file has: %(columns)s."
    ),
    "stock_without_store": gettext_noop(
        "The column of stock names no store. Choose its store, or leave the column out. Stores: %(stores)s."
    ),
    "long_line": gettext_noop("Row %(row)s is unreasonably long. A quotation mark may be missing there."),
}


class FileRefused(Refusal):
    """The file cannot be read as a table; `code` is a key of `SENTENCES`."""

    def __init__(self, code: str, **values: object) -> None:
        super().__init__(
            SENTENCES[code], code=f"file_{code}", status=413 if code == "too_large" else 422, **values
        )
