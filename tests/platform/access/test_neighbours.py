"""Lists, exports and the search show each side its own: not one word of the neighbours."""

from __future__ import annotations

import io
import zipfile

import openpyxl
import pytest
from django.test import Client

from tests.platform.access.rules import ROLELESS, RULES
from tests.platform.access.scene import PARTS, Scene

pytestmark = pytest.mark.django_db

WHOLE_PAGES = [route for route in RULES if "<" not in route]


def words(answer: object) -> str:
    """Everything that an answer says; a workbook cell by cell."""
    data = b"".join(answer) if getattr(answer, "streaming", False) else answer.content  # type: ignore[attr-defined,call-overload]
    if data[:2] == b"PK":
        names = zipfile.ZipFile(io.BytesIO(data)).namelist()
        if "[Content_Types].xml" not in names:
            return "\n".join(names)
        book = openpyxl.load_workbook(io.BytesIO(data))
        return "\n".join(str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row)
    return bytes(data).decode("utf-8", "replace")


def signed_in(scene: Scene, name: str) -> Client:
    """The window of a member."""
    client = Client()
    client.force_login(scene.members()[name])
    return client


ON_BOTH = ("regulator", "verifier", "nobody")  # of a region, of an institute, of nothing
EVERYBODY = [
    name if name in ON_BOTH else pytest.param(name, marks=pytest.mark.postgres_long)
    for name in (*PARTS, *sorted(ROLELESS))
]


@pytest.mark.parametrize("name", EVERYBODY)
def test_no_list_and_no_export_speaks_of_the_neighbours(name: str, scene: Scene) -> None:
    client = signed_in(scene, name)
    hidden = scene.theirs.secrets() + (scene.ours.secrets() if name in ROLELESS else [])
    own = {scene.members()[name].name, str(scene.members()[name].organisation)}
    leaks = []
    for route in WHOLE_PAGES:
        if name not in RULES[route].readers or RULES[route].postable:
            continue
        query = RULES[route].query(scene.ours)
        for where in (f"/{route}?{query}", f"/{route}?export=csv", f"/{route}?export=xlsx"):
            answer = client.get(where)
            said = words(answer) if answer.status_code == 200 else ""
            leaks += [f"{where}: {word}" for word in hidden if word in said and word not in own]
    assert not leaks, "\n".join(leaks)


def test_the_search_finds_nothing_of_the_neighbours(scene: Scene) -> None:
    ids = [str(getattr(scene.theirs, thing).pk) for thing in ("instrument", "draft", "task", "record", "document")]
    ids += [str(scene.theirs.standard.pk), str(scene.theirs.task.application_id), str(scene.theirs.cast.verifier.pk)]
    for name in (*PARTS, *sorted(ROLELESS)):
        client = signed_in(scene, name)
        for word in scene.theirs.secrets():
            said = words(client.get("/search/", {"q": word}, headers={"HX-Request": "true"}))
            assert not [found for found in ids if found in said], f"{name} finds {word}"


def test_each_finds_the_own_instrument(scene: Scene) -> None:
    for name in ("keeper", "regulator"):
        said = words(signed_in(scene, name).get("/search/", {"q": scene.ours.instrument.serial_number}))
        assert f"/instruments/{scene.ours.instrument.pk}/" in said


# Ids that travel beside the address: in the query, in ticked rows, in fields of a form.
SMUGGLED = {
    "keeper": [
        ("GET", "/verification/applications/new/", "i", "instrument"),
        ("POST", "/instruments/", "pk", "draft"),
        ("POST", "/certificates/", "pk", "document"),
    ],
    "receptionist": [
        ("GET", "/verification/tasks/assign/", "t", "task"),
        ("POST", "/verification/tasks/assign/", "t", "task"),
    ],
    "checker": [
        ("GET", "/certificates/records/batch/check/", "r", "record"),
        ("POST", "/certificates/records/batch/check/", "r", "record"),
    ],
}


@pytest.mark.parametrize("name", sorted(SMUGGLED))
def test_ids_of_the_neighbours_slipped_into_a_form_do_nothing(name: str, scene: Scene) -> None:
    client = signed_in(scene, name)
    for method, where, key, thing in SMUGGLED[name]:
        theirs = getattr(scene.theirs, thing)
        version = type(theirs).objects.get(pk=theirs.pk).version
        extra = {"batch": {"draft": "file", "document": "download"}.get(thing, "")}
        if method == "GET":
            answer = client.get(where, {key: str(theirs.pk)})
        else:
            answer = client.post(where, {key: str(theirs.pk), **extra}, follow=True)
        said = words(answer)
        assert not [word for word in scene.theirs.secrets() if word in said], where
        assert type(theirs).objects.get(pk=theirs.pk).version == version
