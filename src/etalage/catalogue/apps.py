from django.apps import AppConfig


class CatalogueConfig(AppConfig):
    name = "etalage.catalogue"
    label = "catalogue"

    def ready(self) -> None:
        from etalage.catalogue.importing.importer import ProductImporter
        from etalage.imports.importers import register

        register(ProductImporter())
