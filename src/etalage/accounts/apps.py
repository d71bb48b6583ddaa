from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "etalage.accounts"
    label = "accounts"
