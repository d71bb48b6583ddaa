from django.apps import AppConfig


class PublishingConfig(AppConfig):
    name = "etalage.publishing"
    label = "publishing"

    def ready(self) -> None:
        from etalage.channels.posts import declare_book
        from etalage.publishing.queries.book import Book

        declare_book(Book())
