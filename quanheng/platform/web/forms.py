"""Base forms and widgets: crispy layout, dates in one form, files dropped, selects searched."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from crispy_forms.helper import FormHelper
from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

MEGABYTE = 1024 * 1024
# Comma, enumeration comma and semicolon of both widths, and any space; the record sheet's script splits the same.
SEPARATORS = re.compile(r"[,;\uff0c\uff1b\u3001\s]+")


def several(text: str) -> list[str]:
    """The values of a list as people type them."""
    return [part for part in SEPARATORS.split(text) if part]


class DateInput(forms.DateInput):
    """A date typed as 2026-05-20 whatever language the browser speaks; its own calendar opens beside it."""

    template_name = "web/widgets/date.html"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        usual = {"placeholder": _("年-月-日"), "inputmode": "numeric", "autocomplete": "off", "data-date": "yes"}
        super().__init__(attrs={**usual, **(attrs or {})}, format="%Y-%m-%d")


class SearchSelect(forms.Select):
    """A select that is found by typing."""

    def __init__(self, attrs: dict[str, Any] | None = None, choices: Sequence[Any] = ()) -> None:
        super().__init__(attrs={"data-search": "yes", "data-none": _("没有匹配项"), **(attrs or {})}, choices=choices)


class FileDrop(forms.FileInput):
    """A place to drop a file or choose one; works by keyboard and without script."""

    template_name = "web/widgets/file_drop.html"

    def __init__(self, attrs: dict[str, Any] | None = None, *, hint: Any = "") -> None:
        self.hint = hint
        super().__init__(attrs=attrs)

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context["widget"]["hint"] = self.hint
        return context


class FileField(forms.FileField):
    """An upload with its limits: size and kinds by suffix. What is inside is judged by whoever reads it."""

    def __init__(self, *, suffixes: Sequence[str] = (), megabytes: int = 20, **kwargs: Any) -> None:
        self.suffixes = tuple(s.lower() for s in suffixes)
        self.megabytes = megabytes
        accept = ",".join(self.suffixes)
        kinds = "、".join(s.lstrip(".").upper() for s in self.suffixes)
        hint = f"{kinds} · ≤ {megabytes} MB" if kinds else f"≤ {megabytes} MB"
        kwargs.setdefault("widget", FileDrop(attrs={"accept": accept} if accept else {}, hint=hint))
        super().__init__(**kwargs)

    def clean(self, data: Any, initial: Any = None) -> Any:
        file = super().clean(data, initial)
        if isinstance(file, UploadedFile):
            name = (file.name or "").lower()
            if self.suffixes and not name.endswith(self.suffixes):
                raise ValidationError(_("只接受这些文件:%(kinds)s") % {"kinds": " ".join(self.suffixes)})
            if (file.size or 0) > self.megabytes * MEGABYTE:
                raise ValidationError(_("文件超过 %(size)d MB,请拆分后再上传") % {"size": self.megabytes})
        return file


class _Crispy:
    """Adds the layout helper: the page owns the form tag, the token and the buttons."""

    fields: dict[str, forms.Field]

    @property
    def helper(self) -> FormHelper:
        """How crispy draws the form."""
        helper = FormHelper()
        helper.form_tag = False
        helper.disable_csrf = True
        helper.error_text_inline = True
        helper.form_show_errors = True
        helper.html5_required = True
        return helper


class Form(_Crispy, forms.Form):
    """Base of plain forms."""

    use_required_attribute = True


class ModelForm(_Crispy, forms.ModelForm):  # type: ignore[type-arg]
    """Base of forms over one record."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, forms.DateField):
                field.widget = DateInput()
            elif type(field.widget) is forms.Select and isinstance(field, forms.ModelChoiceField):
                field.widget.attrs.setdefault("data-search", "yes")
