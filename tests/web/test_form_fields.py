"""The shared form fields, and how every form is drawn."""

from datetime import UTC, datetime

import pytest
from django import forms
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import translation
from django.utils.datastructures import MultiValueDict

from etalage.kit.forms import DayField, MomentField, MoneyField, PicturesField, TranslatedTextField
from etalage.kit.money import Money
from etalage.kit.text import TranslatedText


class Sample(forms.Form):
    name = forms.CharField(help_text="As customers see it.")
    text = TranslatedTextField(required_languages=["en"], max_length=20)
    price = MoneyField(currency="EUR", at_least=0, required=False)
    day = DayField(required=False)
    at = MomentField(zone="Europe/Brussels", required=False)
    news = forms.BooleanField(required=False)


def filled(**data):
    return Sample({"name": "Anna", "text_en": "Boots", **data})


def test_a_field_names_its_help_and_its_mistake_for_those_who_listen():
    markup = str(Sample({"text_en": "Boots"}))
    assert 'aria-describedby="id_name_helptext id_name_error"' in markup and 'aria-invalid="true"' in markup
    assert 'id="id_name_helptext"' in markup and 'id="id_name_error"' in markup
    assert '<label for="id_name">' in markup


def test_a_text_per_language_has_an_input_per_language_with_its_direction():
    markup = str(Sample(initial={"text": TranslatedText({"ar": "حذاء"})}))
    assert 'name="text_ar" id="id_text_ar" value="حذاء" lang="ar" dir="rtl"' in markup
    assert markup.count('lang="fr"') == 2
    assert "<fieldset" in markup and "<legend>" in markup


def test_a_text_per_language_becomes_a_translated_text():
    form = filled(text_ar=" حذاء ", text_fr="")
    assert form.is_valid(), form.errors
    assert form.cleaned_data["text"] == TranslatedText({"en": "Boots", "ar": "حذاء"})


def test_a_language_that_must_be_there_is_named_when_it_is_missing():
    assert "English" in Sample({"name": "a", "text_fr": "Bottes"}).errors["text"][0]
    assert Sample({"name": "a", "text_en": "x" * 21}).errors["text"]


@pytest.mark.parametrize(
    ("language", "written"), [("fr", "1 234,50"), ("en", "1,234.50"), ("nl", "€ 1.234,50")]
)
def test_money_is_read_as_it_is_written(language, written):
    with translation.override(language):
        form = filled(price=written)
        assert form.is_valid(), form.errors
    assert form.cleaned_data["price"] == Money(123450, "EUR")


@pytest.mark.parametrize("written", ["twelve", "12.345.6", "-1", "1e5", "12 USD"])
def test_what_is_no_amount_is_refused_with_an_example(written):
    assert filled(price=written).errors["price"]


def test_money_goes_back_into_its_field_as_it_would_be_typed():
    with translation.override("nl"):
        markup = str(Sample(initial={"price": Money(5, "EUR")})["price"])
    assert 'value="0,05"' in markup and "EUR" in markup and 'inputmode="decimal"' in markup


def test_a_moment_is_read_in_the_shops_zone():
    form = filled(at="2026-07-01T09:00")
    assert form.is_valid()
    assert form.cleaned_data["at"] == datetime(2026, 7, 1, 7, 0, tzinfo=UTC)
    assert 'value="2026-07-01T09:00"' in str(
        Sample(initial={"at": datetime(2026, 7, 1, 7, tzinfo=UTC)})["at"]
    )


def test_an_hour_that_the_clocks_skip_is_refused_and_one_shown_twice_means_the_first():
    assert filled(at="2026-03-29T02:30").errors["at"]
    twice = filled(at="2026-10-25T02:30")
    assert twice.is_valid() and twice.cleaned_data["at"] == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_nothing_written_is_nothing_and_no_mistake():
    form = filled(price="", at="", day="")
    assert form.is_valid()
    assert (form.cleaned_data["price"], form.cleaned_data["at"], form.cleaned_data["day"]) == (
        None,
        None,
        None,
    )


def test_several_pictures_are_taken_up_to_the_limit():
    class Upload(forms.Form):
        pictures = PicturesField(limit=2)

    def upload(count):
        files = [SimpleUploadedFile(f"{number}.png", b"x") for number in range(count)]
        return Upload({}, MultiValueDict({"pictures": files}))

    assert len(upload(2).fields["pictures"].clean(upload(2).files.getlist("pictures"))) == 2
    assert upload(2).is_valid() and not upload(3).is_valid() and not upload(0).is_valid()


def test_a_form_that_was_not_touched_has_not_changed():
    form = Sample(
        {"text_en": "Boots", "price": "12.50"}, initial={"text": {"en": "Boots"}, "price": Money(1250, "EUR")}
    )
    assert "text" not in form.changed_data and "price" not in form.changed_data
