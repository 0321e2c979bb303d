"""CloudEvents 1.0: structured and binary forms become the same raw event."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.domain.errors import EventError
from tocsin.sources.cloudevents import decode_binary, decode_cloudevent
from tocsin.sources.raw import RawEvent

ENVELOPE = {
    "specversion": "1.0", "type": "ua.gas", "source": "/lorawan/01", "id": "3ac7", "time": "2026-11-22T20:00:00Z"}


def structured(**more: Any) -> RawEvent:
    return decode_cloudevent(msgspec.json.encode({**ENVELOPE, **more}))


def binary(body: bytes = b"", content_type: str = "application/json", **more: str) -> RawEvent:
    headers = [(f"ce-{name}".encode(), value.encode("latin-1")) for name, value in {**ENVELOPE, **more}.items()]
    return decode_binary([(b"host", b"x"), *headers], content_type, body)


def test_the_envelope_fills_the_fields_of_an_event() -> None:
    """id, source, type and time are those of the event; the data is its data."""
    assert structured(data={"ch4": 12.5}) == RawEvent(
        type="ua.gas", id="3ac7", source="/lorawan/01", time="2026-11-22T20:00:00Z", data={"ch4": 12.5})


def test_binary_is_the_same_event() -> None:
    """Headers and body give what the structured form gives."""
    assert binary(b'{"ch4": 12.5}', subject="school-24/boiler") == structured(
        data={"ch4": 12.5}, subject="school-24/boiler")


def test_extensions_that_are_fields_of_events_fill_them() -> None:
    """status, site, device, severity and text are lifted, a status only when it is a word of the language."""
    raw = structured(status="firing", site="school-12", device=4, severity="high", text="Газ")
    assert (raw.status, raw.site, raw.device, raw.severity, raw.text) == ("firing", "school-12", 4, "high", "Газ")
    raw = structured(status="ok")
    assert (raw.status, raw.data) == (None, {"status": "ok"})


def test_nothing_that_was_sent_is_lost() -> None:
    """Other attributes are kept in data, beside a key of the same name under ce_."""
    assert structured(subject="a", partitionkey="p", data={"subject": "own"}).data == {
        "subject": "own", "ce_subject": "a", "partitionkey": "p"}


@pytest.mark.parametrize("more, data", [
    ({"data": [1, 2]}, {"value": [1, 2]}), ({"data": "text"}, {"value": "text"}), ({"data": None}, {}), ({}, {}),
    ({"data_base64": "AAE="}, {"base64": "AAE="}),
])
def test_data_of_any_kind_is_kept(more: dict[str, Any], data: dict[str, Any]) -> None:
    """Data that is no object stands under value, binary data under base64."""
    assert structured(**more).data == data


@pytest.mark.parametrize("content_type, body, data", [
    ("application/json; charset=utf-8", b'{"a": 1}', {"a": 1}), ("application/vnd.x+json", b"3", {"value": 3}),
    ("text/plain", "тест".encode(), {"value": "тест"}), ("image/png", b"\x00\x01", {"base64": "AAE="}),
    ("", b"{}", {}), ("application/json", b"", {}),
])
def test_a_binary_body_is_read_by_its_content_type(content_type: str, body: bytes, data: dict[str, Any]) -> None:
    """JSON is decoded, text is text, anything else base64."""
    assert binary(body, content_type).data == data


def test_headers_are_percent_decoded_and_unquoted() -> None:
    """Attributes that are not ASCII arrive percent-encoded, those with spaces may be quoted."""
    assert binary(site="%D1%88%D0%BA%D0%BE%D0%BB%D0%B0", text='"two \\"words\\""').site == "школа"
    assert binary(text='"two \\"words\\""').text == 'two "words"'


@pytest.mark.parametrize("more, words", [
    ({"specversion": "0.3"}, "specversion"), ({"id": ""}, "no `id`"), ({"source": None}, "no `source`"),
    ({"type": 4}, "no `type`"), ({"data": 1, "data_base64": "AA=="}, "send one"), ({"Bad-Name": 1}, "a-z and 0-9"),
    ({"time": 5}, "`time` must be text"),
])
def test_what_is_no_cloudevent_is_explained(more: dict[str, Any], words: str) -> None:
    """The missing or wrong attribute is named."""
    with pytest.raises(EventError) as caught:
        structured(**more)
    assert words in str(caught.value)


@pytest.mark.parametrize("headers, words", [
    ([(b"ce-id", b"%ff")], "percent-encoded UTF-8"), ([(b"ce-id", b"1"), (b"ce-id", b"2")], "stands twice"),
    ([(b"ce-data", b"1")], "no attribute"), ([(b"ce-specversion", b"1.0")], "no `id`"),
])
def test_wrong_headers_are_explained(headers: list[tuple[bytes, bytes]], words: str) -> None:
    """A header that cannot be read is named."""
    with pytest.raises(EventError) as caught:
        decode_binary(headers, "", b"")
    assert words in str(caught.value)


@given(st.lists(st.tuples(
    st.sampled_from([b"ce-id", b"ce-type", b"ce-specversion", b"ce-source", b"ce-time", b"ce-site"])
    | st.binary(max_size=9).map(lambda name: b"ce-" + name),
    st.sampled_from([b"1.0", b"a"]) | st.binary(max_size=20))), st.text(max_size=20), st.binary(max_size=50))
def test_any_headers_and_body_are_a_raw_event_or_an_event_error(
        headers: list[tuple[bytes, bytes]], content_type: str, body: bytes) -> None:
    """Whatever arrives in the headers, nothing but EventError comes out."""
    try:
        decode_binary(headers, content_type, body)
    except EventError as error:
        sentence = str(error)
    else:
        sentence = ""
    assert sentence.isprintable()


@given(st.binary() | st.dictionaries(
    st.sampled_from([*ENVELOPE, "data", "data_base64", "subject"]) | st.text(max_size=5),
    st.sampled_from(["1.0", "x"]) | st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(), lambda inner: st.lists(inner)),
).map(lambda more: msgspec.json.encode({**ENVELOPE, **more})))
def test_any_envelope_is_a_raw_event_or_an_event_error(body: bytes) -> None:
    """Whatever the envelope holds, nothing but EventError comes out."""
    try:
        decode_cloudevent(body)
    except EventError as error:
        sentence = str(error)
    else:
        sentence = ""
    assert sentence.isprintable()
