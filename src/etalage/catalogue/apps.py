from django.apps import AppConfig


class CatalogueConfig(AppConfig):
    name = "etalage.catalogue"
    label = "catalogue"
