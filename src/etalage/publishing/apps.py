from django.apps import AppConfig


class PublishingConfig(AppConfig):
    name = "etalage.publishing"
    label = "publishing"

    def ready(self) -> None:
        from etalage.channels.posts import declare_book  # noqa: PLC0415 - models can be read from now on
        from etalage.publishing.queries.book import Book  # noqa: PLC0415

        declare_book(Book())
