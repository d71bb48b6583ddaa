from django.apps import AppConfig


class ChannelsConfig(AppConfig):
    name = "etalage.channels"
    label = "channels"
