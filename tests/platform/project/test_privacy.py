"""Each field about a person is declared: what, for what, how long, who sees it."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db import models
from django.test import Client
from django.utils.html import escape

from quanheng.platform.kernel.models import User
from quanheng.platform.project.privacy import register

MODELS = {model._meta.label: model for model in apps.get_models()}


def test_no_field_that_could_hold_something_about_a_person_is_undeclared():
    assert register.undeclared(MODELS.values()) == []


def test_a_new_field_is_found_until_somebody_declares_it():
    class Visitor(models.Model):
        surname = models.CharField(max_length=20)
        visits = models.IntegerField()
        host = models.ForeignKey(User, models.PROTECT, related_name="+")

        class Meta:
            app_label = "privacy_test"
            apps = apps.__class__()

    assert register.undeclared([Visitor]) == ["privacy_test.Visitor.surname", "privacy_test.Visitor.host"]


def test_every_declared_field_exists_once_and_says_everything_in_both_languages():
    said = [(one.model, name) for one in register.personal() for name in one.fields]
    said += [(model, name) for model, names in register.impersonal().items() for name in names]
    assert len(said) == len(set(said))
    for model, name in said:
        assert name in {field.name for field in MODELS[model]._meta.concrete_fields}, f"{model}.{name}"
    for one in register.personal():
        for told in (one.zh, one.en):
            assert all(told[name].strip() for name in register.ASKED), one.model
        assert one.zh != one.en


@pytest.mark.django_db
def test_anybody_reads_the_register_in_both_languages(client: Client):
    for language, own in (("zh-hans", "zh"), ("en", "en")):
        answer = client.get("/privacy/", {"lang": language})
        text = answer.content.decode()
        assert answer.status_code == 200
        for one in register.personal():
            assert escape(getattr(one, own)["what"]) in text
    assert 'href="/privacy/"' in client.get("/v/").content.decode()
