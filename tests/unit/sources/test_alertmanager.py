"""The Alertmanager webhook: each alert an event, its end told by the same id and member."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.domain.errors import EventError
from tocsin.sources.alertmanager import decode_alert, split_alerts
from tocsin.sources.raw import RawEvent

LABELS = {"alertname": "CameraDown", "severity": "warning", "site": "park", "instance": "10.0.0.7"}


def alert(**more: Any) -> RawEvent:
    return decode_alert(msgspec.json.encode({
        "status": "firing", "labels": LABELS, "annotations": {"summary": "Camera offline"}, "fingerprint": "fac0",
        "startsAt": "2026-11-22T20:00:00.123456789Z", "endsAt": "0001-01-01T00:00:00Z", **more}))


def test_an_alert_becomes_an_event() -> None:
    """Type, id, member, site, severity, text and labels come from the alert."""
    assert alert() == RawEvent(
        type="alertmanager.alert", id="fac0-2026-11-22T20:00:00.123456789Z", status="firing",
        time="2026-11-22T20:00:00.123456789Z", site="park", device="fac0", severity="warning", text="Camera offline",
        data={**LABELS, "labels": LABELS, "annotations": {"summary": "Camera offline"}})


def test_the_end_has_the_id_and_member_of_the_start() -> None:
    """A resolved alert is told from its endsAt and finds the member that fired."""
    start, end = alert(), alert(status="resolved", endsAt="2026-11-22T21:00:00Z")
    assert (end.id, end.device, end.status, end.time) == (start.id, start.device, "resolved", "2026-11-22T21:00:00Z")


def test_year_one_means_not_yet() -> None:
    """A resolved alert without an end gets the receive time, not the year 1."""
    assert alert(status="resolved").time is None
    assert alert(startsAt="").id == "fac0"


def test_without_a_fingerprint_the_labels_tell_alerts_apart() -> None:
    """Two alerts of one machine are two members, whatever the order of their labels."""
    one, same = alert(fingerprint="", labels={"a": "1", "b": "2"}), alert(fingerprint="", labels={"b": "2", "a": "1"})
    assert one.device == same.device != alert(fingerprint="", labels={"a": "1", "b": "3"}).device


def test_text_falls_back_to_what_there_is() -> None:
    """Summary, else description, else message, else the alert's name."""
    assert alert(annotations={"message": "m", "description": "d"}).text == "d"
    assert alert(annotations={}).text == "CameraDown"


def test_grafana_sends_the_same_envelope_with_more() -> None:
    """What Grafana adds to an alert is kept in data; what it adds to the envelope does not disturb."""
    raw = alert(values={"A": 1.5}, dashboardURL="http://g/d/1", orgId=1)
    assert raw.data is not None
    assert (raw.data["values"], raw.data["dashboardURL"]) == ({"A": 1.5}, "http://g/d/1")
    items, left_out = split_alerts(b'{"orgId": 1, "title": "x", "truncatedAlerts": 2, "alerts": [{}, {}]}')
    assert (len(items), left_out) == (2, 2)


@pytest.mark.parametrize("body, words", [
    (b"", "not JSON"), (b"[]", "must be an object"), (b"{}", "`alerts` is missing"), (b'{"alerts": 3}', "a list"),
])
def test_what_is_no_notification_is_explained(body: bytes, words: str) -> None:
    """The envelope's fault is named."""
    with pytest.raises(EventError) as caught:
        split_alerts(body)
    assert words in str(caught.value)


@pytest.mark.parametrize("more, words", [
    ({"status": "burning"}, "firing or resolved"), ({"labels": None}, "`labels` must be"),
    ({"startsAt": 3}, "startsAt"),
    ({"labels": {"a": 1}}, "`labels"),
])
def test_what_is_no_alert_is_explained(more: dict[str, Any], words: str) -> None:
    """The alert's fault is named."""
    with pytest.raises(EventError) as caught:
        alert(**more)
    assert words in str(caught.value)


@given(st.binary() | st.dictionaries(
    st.sampled_from(["status", "labels", "annotations", "startsAt", "endsAt", "fingerprint", "values"]),
    st.sampled_from(["firing", "resolved"]) | st.dictionaries(st.text(), st.text()) | st.text() | st.integers(),
).map(msgspec.json.encode))
def test_any_body_is_read_or_an_event_error(body: bytes) -> None:
    """Whatever arrives, nothing but EventError comes out."""
    for parse in (split_alerts, decode_alert):
        try:
            parse(body)
        except EventError as error:
            sentence = str(error)
        else:
            sentence = ""
        assert sentence.isprintable()
