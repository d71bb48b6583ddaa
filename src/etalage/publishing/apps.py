from django.apps import AppConfig


class PublishingConfig(AppConfig):
    name = "etalage.publishing"
    label = "publishing"
