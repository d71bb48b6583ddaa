from django.apps import AppConfig


class CustomersConfig(AppConfig):
    name = "etalage.customers"
    label = "customers"
