"""Why a whole file cannot be read; each says what to do."""

from __future__ import annotations

from etalage.kit.errors import Refusal, gettext_noop

SENTENCES = {
    "empty": gettext_noop("The file is empty. Export it again and check that it has rows."),
    "too_large": gettext_noop(
        "The file is larger than %(limit)s MB. Split it, or import it on the server with: etalage import"
    ),
    "old_excel": gettext_noop("This is an old Excel file (.xls). Save it as .xlsx or CSV and try again."),
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
    "long_line": gettext_noop("Row %(row)s is unreasonably long. A quotation mark may be missing there."),
}


class FileRefused(Refusal):
    """The file cannot be read as a table; `code` is a key of `SENTENCES`."""

    def __init__(self, code: str, **values: object) -> None:
        super().__init__(SENTENCES[code], code=f"file_{code}", status=422, **values)
