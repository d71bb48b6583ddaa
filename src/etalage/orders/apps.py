from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "etalage.orders"
    label = "orders"

    def ready(self) -> None:
        from etalage.accounts.closing import declare_waiting
        from etalage.accounts.currency import declare_amounts
        from etalage.imports.importers import register
        from etalage.orders.importing.importer import OrderImporter
        from etalage.orders.models import Order
        from etalage.orders.personal import declare_personal_data
        from etalage.orders.queries.reservations import open_count

        declare_amounts("orders", Order.objects.exists)
        declare_personal_data()
        declare_waiting("reservations", open_count)
        register(OrderImporter())
