from django.apps import AppConfig


class InsightsConfig(AppConfig):
    name = "etalage.insights"
    label = "insights"
