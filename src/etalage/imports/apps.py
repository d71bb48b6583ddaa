from django.apps import AppConfig


class ImportsConfig(AppConfig):
    name = "etalage.imports"
    label = "imports"
