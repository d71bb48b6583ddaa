"""How forms look: Django's forms through our own field template."""

from __future__ import annotations

from django.forms.renderers import TemplatesSetting


class EtalageFormRenderer(TemplatesSetting):
    """Renders every form and field with the templates of the design system."""

    form_template_name = "web/forms/form.html"
    formset_template_name = "web/forms/formset.html"
    field_template_name = "web/forms/field.html"
