from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "etalage.orders"
    label = "orders"
