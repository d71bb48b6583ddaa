from django.apps import AppConfig


class CatalogueConfig(AppConfig):
    name = "etalage.catalogue"
    label = "catalogue"

    def ready(self) -> None:
        from etalage.accounts.currency import declare_amounts
        from etalage.catalogue.importing.importer import ProductImporter
        from etalage.catalogue.models import Variant
        from etalage.imports.importers import register

        declare_amounts("prices", Variant.objects.exists)
        register(ProductImporter())
