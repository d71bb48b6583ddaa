"""The shared fields, on a real table of the database in use."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.core import serializers
from django.core.exceptions import FieldError, ImproperlyConfigured, ValidationError
from django.db import connection, models, transaction
from django.db.migrations.writer import MigrationWriter

from etalage.kit.fields import EncryptedTextField, SecretText, TranslatedField, UUIDModel
from etalage.kit.secrets import Cipher, UnreadableSecret, new_key
from etalage.kit.text import TranslatedText

OLD, NEW = new_key(), new_key()


class Parcel(UUIDModel):
    name = TranslatedField(blank=True)
    token = EncryptedTextField(null=True)

    class Meta:
        app_label = "kit"


@pytest.fixture
def parcels(db: None, settings: Any) -> Iterator[models.Manager[Parcel]]:
    """An empty table of parcels, gone with the test's transaction, and a shop that has keys."""
    settings.SECRET_KEYS = [OLD]
    quote = connection.ops.quote_name
    columns = ", ".join(
        f"{quote(field.column)} {field.db_type(connection)}{'' if field.null else ' NOT NULL'}"
        for field in Parcel._meta.local_fields
    )
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE {quote(Parcel._meta.db_table)} ({columns})")
    yield Parcel._default_manager
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {quote(Parcel._meta.db_table)}")


def stored(column: str) -> str:
    """What the database itself holds."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM {Parcel._meta.db_table}")
        return str(cursor.fetchone()[0])


def test_a_row_has_its_id_before_it_is_saved_and_ids_follow_time() -> None:
    one, two = Parcel(), Parcel()
    assert isinstance(one.id, uuid.UUID)
    assert one.id.version == 7
    assert one.id < two.id


@pytest.mark.parametrize(
    "given", [{"en": "Scarf", "fr": "Écharpe"}, TranslatedText({"en": "Scarf", "fr": "Écharpe"})]
)
def test_a_translated_text_reads_the_same_before_and_after_saving(
    parcels: models.Manager[Parcel], given: Any
) -> None:
    parcel = parcels.create(name=given)
    assert isinstance(parcel.name, TranslatedText)
    again = parcels.get()
    assert isinstance(again.name, TranslatedText)
    assert again.name == parcel.name
    assert again.name.in_language("fr") == "Écharpe"


def test_a_plain_text_is_taken_as_english_and_nothing_as_empty(parcels: models.Manager[Parcel]) -> None:
    assert dict(Parcel(name="Scarf").name) == {"en": "Scarf"}
    assert parcels.create().name.is_empty
    assert parcels.get().name == TranslatedText()


def test_a_translation_can_be_looked_up_and_read_alone(parcels: models.Manager[Parcel]) -> None:
    parcel = parcels.create(name={"en": "Scarf", "ar": "وشاح"})
    assert parcels.filter(name__ar="وشاح").get() == parcel
    assert parcels.filter(name=TranslatedText({"en": "Scarf", "ar": "وشاح"})).get() == parcel
    assert parcels.values_list("name__ar", flat=True).get() == "وشاح"
    assert parcels.values_list("name", flat=True).get() == parcel.name


def test_a_language_we_do_not_have_never_reaches_a_row() -> None:
    with pytest.raises(ValueError, match="languages"):
        Parcel(name={"de": "Schal"})
    with pytest.raises(ValidationError):
        Parcel._meta.get_field("name").to_python({"de": "Schal"})


def test_a_translated_text_passes_full_validation(parcels: models.Manager[Parcel]) -> None:
    Parcel(name={"en": "Scarf"}, token="t").full_clean()
    required = TranslatedField()
    with pytest.raises(ValidationError):
        required.clean(TranslatedText(), None)


def test_a_deferred_text_is_loaded_when_it_is_read(parcels: models.Manager[Parcel]) -> None:
    parcels.create(name={"nl": "Sjaal"})
    assert parcels.defer("name").get().name.in_language("nl") == "Sjaal"


def test_a_secret_is_encrypted_in_the_database_and_readable_in_the_row(
    parcels: models.Manager[Parcel],
) -> None:
    parcels.create(token="very secret token")
    assert "secret" not in stored("token")
    assert parcels.get().token == "very secret token"


def test_a_secret_does_not_show_itself(parcels: models.Manager[Parcel]) -> None:
    parcels.create(token="very secret token")
    row = parcels.values("token").get()
    assert row["token"] == "very secret token"
    assert "secret token" not in repr(row)
    assert "secret token" not in repr(vars(parcels.get()))
    assert repr(SecretText("x")) == "SecretText('…')"


def test_a_dump_leaves_secrets_out(parcels: models.Manager[Parcel]) -> None:
    parcels.create(token="very secret token", name={"en": "Scarf"})
    dump = serializers.serialize("json", parcels.all())
    assert "Scarf" in dump
    assert "token" not in dump


def test_no_secret_stays_no_secret(parcels: models.Manager[Parcel]) -> None:
    parcels.create(token=None)
    assert parcels.get().token is None
    assert parcels.filter(token__isnull=True).count() == 1


@pytest.mark.parametrize("lookup", ["token", "token__contains", "token__in"])
def test_nothing_can_be_looked_up_in_a_secret(parcels: models.Manager[Parcel], lookup: str) -> None:
    with pytest.raises(FieldError, match="encrypted"):
        parcels.filter(**{lookup: "x"}).exists()


def test_a_change_of_keys_keeps_secrets_readable(parcels: models.Manager[Parcel], settings: Any) -> None:
    parcels.create(token="very secret token")
    settings.SECRET_KEYS = [NEW, OLD]
    parcel = parcels.get()
    assert parcel.token == "very secret token"
    parcel.save()
    assert Cipher([NEW]).decrypt(stored("token")) == "very secret token"
    settings.SECRET_KEYS = [OLD]
    with pytest.raises(UnreadableSecret):
        parcels.get()


def test_without_keys_a_secret_is_neither_saved_nor_read(
    parcels: models.Manager[Parcel], settings: Any
) -> None:
    parcels.create(token="very secret token")
    settings.SECRET_KEYS = []
    with pytest.raises(ImproperlyConfigured, match="ETALAGE_SECRET_KEYS"):
        parcels.get()
    with pytest.raises(ImproperlyConfigured, match="ETALAGE_SECRET_KEYS"), transaction.atomic():
        Parcel(token="x").save()
    assert parcels.filter(token__isnull=False).count() == 1


def test_a_secret_cannot_be_indexed() -> None:
    class Wrong(models.Model):
        token = EncryptedTextField(unique=True)

        class Meta:
            app_label = "kit_wrong"

    assert [problem.id for problem in Wrong._meta.get_field("token").check()] == ["etalage.E014"]


@pytest.mark.parametrize("name", ["name", "token"])
def test_migrations_write_the_fields_as_they_were_declared(name: str) -> None:
    field = Parcel._meta.get_field(name)
    written, imports = MigrationWriter.serialize(field)
    assert written.startswith(f"etalage.kit.fields.{type(field).__name__}(")
    assert imports == {"import etalage.kit.fields"}
    clone = field.clone()
    assert clone.deconstruct()[1:] == field.deconstruct()[1:]
