"""Forms for files: what is chosen, and what each of its columns holds."""

from __future__ import annotations

from collections import Counter

from django import forms
from django.utils.translation import gettext_lazy as _

from etalage.accounts.models import Language
from etalage.accounts.queries import open_stores
from etalage.imports.queries import Preview, field_choices, kind_choices
from etalage.imports.reading.columns import normal

ACCEPT = ".csv,.tsv,.txt,.gz,.xlsx,text/csv"
_FOUND = [("", _("As found in the file"))]
DELIMITERS = [("comma", _("Comma")), ("semicolon", _("Semicolon")), ("tab", _("Tab")), ("bar", _("Bar"))]
ENCODINGS = [
    ("utf-8", _("UTF-8, the usual one")),
    ("cp1252", _("Western European (Windows)")),
    ("cp1256", _("Arabic (Windows)")),
    ("utf-16", _("UTF-16")),
]


class UploadForm(forms.Form):
    """A file and what it holds."""

    kind = forms.ChoiceField(label=_("What the file holds"), widget=forms.RadioSelect)
    file = forms.FileField(
        label=_("File"),
        widget=forms.FileInput(attrs={"accept": ACCEPT}),
        help_text=_("CSV in any dialect, gzip, or Excel (.xlsx)."),
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        choices = kind_choices()
        self.fields["kind"].choices = choices  # type: ignore[attr-defined]
        if choices and self.initial.get("kind") not in dict(choices):
            self.initial["kind"] = choices[0][0]


class OptionsForm(forms.Form):
    """What holds for the whole file; what is left empty is found by itself."""

    store = forms.ChoiceField(label=_("Store"), required=False)
    currency = forms.CharField(
        label=_("Currency"), required=False, max_length=3, help_text=_("Three letters, such as EUR.")
    )
    decimal = forms.ChoiceField(
        label=_("Decimal mark"),
        required=False,
        choices=[*_FOUND, (",", _("Comma: 12,50")), (".", _("Point: 12.50"))],
    )
    dates = forms.ChoiceField(
        label=_("Dates"),
        required=False,
        choices=[*_FOUND, ("day-first", _("Day first: 31/12")), ("month-first", _("Month first: 12/31"))],
    )
    language = forms.ChoiceField(
        label=_("Language of the texts"),
        required=False,
        choices=[("", _("The main language")), *Language.choices],
    )
    source = forms.CharField(
        label=_("Program that wrote the file"), required=False, max_length=60, help_text=_("Such as till.")
    )
    encoding = forms.ChoiceField(label=_("Encoding"), required=False, choices=[*_FOUND, *ENCODINGS])
    delimiter = forms.ChoiceField(
        label=_("Separator of the columns"), required=False, choices=[*_FOUND, *DELIMITERS]
    )

    def __init__(self, *args: object, kind: str, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        stores = [("", _("As the file says")), *((store.code, store.name) for store in open_stores())]
        self.fields["store"].choices = stores  # type: ignore[attr-defined]
        del self.fields["dates" if kind == "products" else "language"]


class ColumnsForm(forms.Form):
    """One choice per column of the file: what it holds. A column means one thing, a thing has one column."""

    def __init__(self, *args: object, preview: Preview, kind: str, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self._preview = preview
        meaning = {place: key for key, place in preview.columns.items()}
        choices = [("", _("Leave out")), *field_choices(kind)]
        first = {normal(name): place for place, name in reversed(list(enumerate(preview.header)))}
        for place, name in enumerate(preview.header):
            # Columns are told apart by their names: one without a name of its own cannot be chosen.
            if name and first[normal(name)] == place:
                self.fields[f"column_{place}"] = forms.ChoiceField(
                    label=name, required=False, choices=choices, initial=meaning.get(place, "")
                )

    def columns(self) -> list[tuple[forms.BoundField, list[str]]]:
        """The fields with the first cells of their columns."""
        return [(self[name], self._preview.examples(int(name[7:]))) for name in self.fields]

    def clean(self) -> dict[str, str]:
        chosen = Counter(value for value in self.cleaned_data.values() if value)
        for name, value in list(self.cleaned_data.items()):
            if value and chosen[value] > 1:
                self.add_error(name, _("Two columns cannot hold the same thing. Leave one out."))
        return self.cleaned_data

    def mapping(self) -> dict[str, str]:
        """Key to column name; a key that was found but not chosen is left out."""
        header = self._preview.header
        chosen = {value: header[int(name[7:])] for name, value in self.cleaned_data.items() if value}
        return {**dict.fromkeys(self._preview.columns, ""), **chosen}
