"""The same stories through the real client libraries: the starter's files, emulated providers, real sockets."""

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from tocsin.app.engine import Engine
from tocsin.app.practice import TOKEN, enrol, practice_settings
from tocsin.book.contacts import Person
from tocsin.cli.books import read_content_of
from tocsin.cli.init import write_home
from tocsin.cli.ports import free_port
from tocsin.domain.codec import decode_incident
from tocsin.domain.incident import Incident
from tocsin.emulators.mailboxes import Emulators
from tocsin.roster.oncall import on_duty
from tocsin.settings import Settings, load_settings

PATIENCE_S = 20.0


class City:
    """The starter's city with its engine; ``starts`` and ``stops`` it beside emulators that go on."""

    def __init__(self, settings: Settings, emulators: Emulators) -> None:
        self.settings, self.emulators = settings, emulators
        self.content = read_content_of(settings)
        self.engine: Engine | None = None
        enrol(emulators, self.content)

    async def starts(self) -> None:
        self.engine = Engine(self.settings, "practice", lambda: self.content, lambda content: ())
        await self.engine.start(watching=False)

    async def stops(self) -> None:
        engine, self.engine = self.engine, None
        if engine is not None:
            await engine.stop()

    @property
    def officer(self) -> Person:
        assert self.engine is not None
        duty = on_duty(self.content.schedules["police-patrol"], self.content.people, self.engine.clock.now())
        return self.content.people[duty[0]]

    async def panic(self) -> None:
        async with httpx.AsyncClient(base_url=self.settings.http.public_url) as client:
            answer = await client.post("/v1/events", json={"type": "alarm.panic", "site": "school-12"},
                                       headers={"Authorization": f"Bearer {TOKEN}"})
        assert answer.status_code == 202

    async def telegram(self, person: Person) -> int:
        """The number of the person's last message about the button, once it is there."""
        state, chat = self.emulators.telegram.state, int(person.addresses["telegram"])

        def last() -> int:
            return next((one.id for one in reversed(state.messages(chat)) if "Тривожна" in one.text), 0)

        assert await state.changed.wait_for(lambda: bool(last()), PATIENCE_S)
        return last()

    async def code(self, person: Person) -> str:
        """The code of the person's SMS, once it is there."""
        state = self.emulators.sms.state

        def found() -> str:
            codes = [match[0] for sms in state.to(person.addresses["sms"])
                     if (match := re.search(r"\b\d{4,6}(?= =)", sms.body))]
            return codes[-1] if codes else ""

        assert await state.changed.wait_for(lambda: bool(found()), PATIENCE_S)
        return found()

    def incident(self) -> Incident:
        assert self.engine is not None
        with self.engine.store.reading() as connection:
            return decode_incident(connection.exec_driver_sql("SELECT body FROM incidents").fetchall()[0][0])

    async def until(self, holds: Callable[[], bool]) -> None:
        """Return when it holds; looked at whenever an emulator changes."""
        assert await self.emulators.telegram.state.changed.wait_for(holds, PATIENCE_S)


@asynccontextmanager
async def _city(folder: Path) -> AsyncIterator[City]:
    write_home(folder / "home")
    settings = load_settings(folder / "home" / "config.yaml", environ={}, require_secrets=False)
    async with Emulators() as emulators:
        own = practice_settings(settings, emulators, port=free_port())
        emulators.sms.state.incoming_url = f"{own.http.public_url}/v1/channels/sms/inbound"
        made = City(own, emulators)
        await made.starts()
        try:
            yield made
        finally:
            await made.stops()


@pytest.fixture
async def city(tmp_path: Path) -> AsyncIterator[City]:
    async with _city(tmp_path) as made:
        yield made


async def test_a_press_in_telegram(city: City) -> None:
    """From the POST of the event to the copy that shows who has it."""
    await city.panic()
    officer, state = city.officer, city.emulators.telegram.state
    chat, message = int(officer.addresses["telegram"]), await city.telegram(officer)
    state.press(chat, message, "Беру", from_id=chat)

    def shown() -> bool:
        found = state.message(chat, message)
        return found is not None and f"Взято: {officer.name}" in found.now.text

    await city.until(shown)
    assert city.incident().answers[0].channel == "telegram"


async def test_blocked_in_telegram_and_answered_by_a_signed_sms(city: City) -> None:
    """403 from the Bot API, then Twilio's REST, then Twilio's webhook."""
    officer = city.officer
    city.emulators.telegram.state.block(int(officer.addresses["telegram"]))
    await city.panic()
    await city.emulators.sms.state.reply(officer.addresses["sms"], f"{await city.code(officer)} їду")
    assert [(given.person, given.channel) for given in city.incident().answers] == [(officer.id, "sms")]


async def test_a_press_while_the_engine_was_down(city: City) -> None:
    """It waits in getUpdates, and is taken before anything overdue."""
    await city.panic()
    officer, state = city.officer, city.emulators.telegram.state
    chat, message = int(officer.addresses["telegram"]), await city.telegram(officer)
    await city.stops()
    state.press(chat, message, "Беру", from_id=chat)
    await city.starts()
    await city.until(lambda: not state.updates.waiting)
    assert city.incident().response == "acknowledged"
