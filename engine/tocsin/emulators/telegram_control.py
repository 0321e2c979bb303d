"""The emulated Telegram's controls over HTTP: what a person does in the client, and faults."""

from typing import Any

from starlette.applications import Starlette

from tocsin.emulators.control import fault_routes, get, post
from tocsin.emulators.faults import Faults
from tocsin.emulators.telegram_state import TelegramState


def control_app(state: TelegramState, faults: Faults) -> Starlette:
    """``/control/state`` reads; POST add_chat, block, unblock, deactivate, kick, invite, restrict, close_topic,
    reopen_topic, migrate, say, press act.
    """

    def shown() -> dict[str, Any]:
        return {
            "chats": [
                {
                    "id": chat.id,
                    "name": chat.name,
                    "kind": chat.kind,
                    "state": "migrated" if chat.migrated_to is not None else chat.state,
                    "messages": [message.as_shown() for message in state.messages(chat.id)[-50:]],
                }
                for chat in state.chats.values()
            ],
            "presses": [
                {
                    "id": press.id,
                    "chat_id": press.message.chat.id,
                    "message_id": press.message.id,
                    "data": press.data,
                    "answer": press.answer,
                }
                for press in list(state.presses.values())[-20:]
            ],
        }

    async def add_chat(given: dict[str, Any]) -> Any:
        kind = str(given.get("kind", "private"))
        return state.add_chat(int(given["chat_id"]), str(given["name"]), kind).as_json()

    async def invite(given: dict[str, Any]) -> Any:
        return state.invite(int(given["chat_id"]), str(given["name"])).as_json()

    async def migrate(given: dict[str, Any]) -> Any:
        return state.migrate(int(given["chat_id"]), int(given["new_id"])).as_json()

    async def say(given: dict[str, Any]) -> Any:
        return state.say(int(given["chat_id"]), str(given["text"]), _person(given))

    async def press(given: dict[str, Any]) -> Any:
        return state.press(
            int(given["chat_id"]),
            int(given["message_id"]),
            str(given["button"]),
            _person(given),
            stale=given.get("stale") is True,
        )

    def on_chat(act: Any) -> Any:
        async def action(given: dict[str, Any]) -> None:
            act(int(given["chat_id"]))

        return action

    return Starlette(
        routes=[
            get("/control/state", shown),
            post("/control/add_chat", add_chat),
            post("/control/block", on_chat(state.block)),
            post("/control/unblock", on_chat(state.unblock)),
            post("/control/deactivate", on_chat(state.deactivate)),
            post("/control/kick", on_chat(state.kick)),
            post("/control/invite", invite),
            post("/control/restrict", on_chat(state.restrict)),
            post("/control/close_topic", on_chat(state.close_topic)),
            post("/control/reopen_topic", on_chat(state.reopen_topic)),
            post("/control/migrate", migrate),
            post("/control/say", say),
            post("/control/press", press),
            *fault_routes(faults),
        ]
    )


def _person(given: dict[str, Any]) -> int | None:
    return int(given["from_id"]) if given.get("from_id") is not None else None
