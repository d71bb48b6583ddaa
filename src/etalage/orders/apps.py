from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "etalage.orders"
    label = "orders"

    def ready(self) -> None:
        from etalage.imports.importers import register
        from etalage.orders.importing.importer import OrderImporter
        from etalage.orders.personal import declare_personal_data

        declare_personal_data()
        register(OrderImporter())
