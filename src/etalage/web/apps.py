from django.apps import AppConfig
from django.utils.translation import gettext

from etalage.kit.errors import translate_with


class WebConfig(AppConfig):
    name = "etalage.web"
    label = "web"

    def ready(self) -> None:
        """Give the rooms without Django our translator for what they say to people."""
        translate_with(gettext)
