"""The demo's five minutes of a city, played over HTTP and through the emulated mailboxes; judged at its end."""

import re
from collections.abc import Callable
from typing import Any

import httpx

from tocsin.app.engine import Engine
from tocsin.app.practice import TOKEN
from tocsin.book.contacts import Person
from tocsin.delivery.codes import read_button
from tocsin.domain.codec import decode_incident
from tocsin.domain.errors import TocsinError
from tocsin.domain.incident import Incident
from tocsin.domain.time import SECOND, format_instant
from tocsin.emulators.mailboxes import Emulators
from tocsin.roster.oncall import on_duty

PATIENCE_S = 30.0
_CODE = re.compile(r"\b(\d{4,8})\b(?= *=)")
Tell = Callable[[str], None]


class StoryError(TocsinError):
    """The demo did not go as it must; what stands here is a defect."""


class Story:
    """Plays the story against a running engine; ``tell`` hears each thing that happens in the city."""

    def __init__(self, engine: Engine, emulators: Emulators, tell: Tell) -> None:
        self._engine, self._emulators, self._tell_person = engine, emulators, tell
        self._began = engine.clock.now()
        content = engine.loop.book.content
        at = self._began
        self.officer = content.people[on_duty(content.schedules["police-patrol"], content.people, at)[0]]
        self.head = content.people[on_duty(content.schedules["shift-heads"], content.people, at)[0]]
        self.other = next(content.people[name] for name in content.services["duty-office"].members
                          if name != self.head.id)
        self.engineer = content.people["ivan"]

    async def play(self) -> None:
        """Five minutes; raises StoryError when somebody who must be told is not told."""
        chats = self._emulators.telegram.state
        chats.block(int(self.other.addresses["telegram"]))
        async with httpx.AsyncClient(base_url=self._engine.settings.http.public_url, timeout=10.0,
                                     headers={"Authorization": f"Bearer {TOKEN}"}) as self._http:
            await self._at(0, "the panic button of school-12 is pressed; "
                              f"{self.officer.name} is on patrol and does not see it",
                           {"type": "alarm.panic", "site": "school-12", "device": "btn-4"})
            await self._at(20, "air-raid alert for the whole oblast", self._raid(1, "oblast", "firing"))
            await self._at(30, "camera park-07 stops", self._camera("firing"))
            await self._at(40, "air-raid alert for the raion too, overlapping", self._raid(2, "raion", "firing"))
            await self._press(self.officer, "Повітряна", "accept")
            await self._reply(self.head, "Тривожна")
            await self._press(self.engineer, "Камер", "accept")
            await self._at(150, "the oblast alert ends, the raion's goes on", self._raid(1, "oblast", "resolved"))
            await self._at(180, "camera park-07 is back", self._camera("resolved"))
            await self._at(240, "the raion alert ends too", self._raid(2, "raion", "resolved"))
            await self._press(self.engineer, "Камер", "resolve")
            await self._at(300, "five minutes are over", None)

    def incidents(self) -> dict[str, Incident]:
        """The incident of each rule, as committed."""
        with self._engine.store.reading() as connection:
            rows = connection.exec_driver_sql("SELECT body FROM incidents ORDER BY id").fetchall()
        found = [decode_incident(body) for (body,) in rows]
        return {incident.rule: incident for incident in found}

    def judge(self) -> None:
        """Raises StoryError with everything that is not as the story must end."""
        seen, wrong = self.incidents(), []
        panic, raid, camera = seen.get("panic-button"), seen.get("air-raid"), seen.get("camera-offline")
        if panic is None or panic.response == "unanswered" or panic.answers[0].person != self.head.id \
                or panic.answers[0].channel != "sms":
            wrong.append("the panic button was not answered by the shift head's SMS")
        if raid is None or raid.activation.number != 1 or raid.activation.events != 2 or raid.condition != "cleared":
            wrong.append("the overlapping air-raid alerts are not one incident, over when the last one ended")
        if camera is None or camera.response != "closed":
            wrong.append("the broken camera's incident was not closed")
        known = self._engine.store.board().addresses.get((self.other.id, "telegram"))
        if known is None or not known.off:
            wrong.append("the blocked Telegram address was not switched off")
        if wrong:
            raise StoryError("The demo did not go as it must: " + "; ".join(wrong))

    async def _at(self, seconds: int, what: str, event: dict[str, Any] | None) -> None:
        clock = self._engine.clock
        await clock.sleep(max(0.0, (self._began + seconds * SECOND - clock.now()) / SECOND))
        self._say(what)
        if event is not None:
            answer = await self._http.post("/v1/events", json={**event, "time": format_instant(clock.now())})
            if answer.status_code != 202:
                raise StoryError(f"The engine did not take the event: {answer.status_code} {answer.text}")

    async def _press(self, person: Person, about: str, word: str) -> None:
        chat = int(person.addresses["telegram"])
        state = self._emulators.telegram.state

        def pressable() -> tuple[int, str] | None:
            for message in reversed(state.messages(chat)):
                for button in message.now.buttons if about in message.text else ():
                    named = read_button(self._engine.store.secret, str(button.get("callback_data", "")))
                    if named is not None and named[1] == word:
                        return message.id, str(button["text"])
            return None

        found = await state.changed.wait_for(pressable, PATIENCE_S)
        if found is None:
            raise StoryError(f"{person.name} got no Telegram message about \"{about}\" with a button for {word}")
        self._say(f"{person.name} presses \"{found[1]}\" in Telegram")
        state.press(chat, *found, from_id=chat)

    async def _reply(self, person: Person, about: str) -> None:
        phone, state = person.addresses["sms"], self._emulators.sms.state

        def code() -> str | None:
            for sms in state.to(phone):
                if about in sms.body and (found := _CODE.search(sms.body)):
                    return found[1]
            return None

        found = await state.changed.wait_for(code, PATIENCE_S)
        if found is None:
            raise StoryError(f"{person.name} got no SMS about \"{about}\" with an answer code")
        self._say(f"{person.name} replies \"{found}\" by SMS")
        await state.reply(phone, found)

    def _say(self, what: str) -> None:
        passed = (self._engine.clock.now() - self._began) // SECOND
        self._tell_person(f"  {passed // 60}:{passed % 60:02}  {what}")

    @staticmethod
    def _raid(number: int, level: str, status: str) -> dict[str, Any]:
        return {"type": "air_raid.alert", "site": "kramatorsk", "status": status, "id": f"{number}-{status}",
                "data": {"alert_id": number, "level": level}}

    @staticmethod
    def _camera(status: str) -> dict[str, Any]:
        return {"type": "camera.offline", "site": "park", "device": "park-07", "status": status, "id": f"cam-{status}"}
