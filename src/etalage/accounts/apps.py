from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "etalage.accounts"
    label = "accounts"

    def ready(self) -> None:
        from etalage.accounts import checks  # noqa: F401 - registers the system checks
