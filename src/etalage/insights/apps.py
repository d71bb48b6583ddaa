from django.apps import AppConfig


class InsightsConfig(AppConfig):
    name = "etalage.insights"
    label = "insights"

    def ready(self) -> None:
        from etalage.insights.personal import declare_personal_data

        declare_personal_data()
