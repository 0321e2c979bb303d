"""All three emulators and their page, in a running loop and in a thread."""

import asyncio
import re

import httpx
import pytest

from tocsin.emulators.mailboxes import PAGE, Emulators
from tocsin.emulators.server import PortError, listen


async def test_everything_starts_on_free_ports_and_stops() -> None:
    """Four ports answer; after stop() they are free again."""
    async with Emulators() as emulators:
        urls = emulators.urls
        async with httpx.AsyncClient(trust_env=False) as http:
            me = await http.get(f"{urls.telegram}/bot{emulators.telegram.state.token}/getMe")
            assert me.json()["ok"] is True
            assert (await http.get(urls.sms + "/control/state")).json()["messages"] == []
            page = await http.get(urls.page + "/")
            assert "PRACTICE" in page.text
            assert "default-src 'none'" in page.headers["content-security-policy"]
            for box in ("telegram", "sms", "email"):
                assert (await http.get(f"{urls.page}/{box}/control/state")).status_code == 200
        _, writer = await asyncio.open_connection(urls.email_host, urls.email_port)
        writer.close()
    for port in (emulators.telegram.server.port, emulators.email.port):
        listen("127.0.0.1", port).close()


async def test_the_page_acts_on_the_same_mailboxes() -> None:
    """What is pressed on the page arrives at the bot; an unknown chat is a sentence."""
    async with Emulators() as emulators:
        emulators.telegram.state.add_chat(5, "Олена")
        async with httpx.AsyncClient(trust_env=False, base_url=emulators.urls.page) as http:
            said = await http.post("/telegram/control/say", json={"chat_id": 5, "text": "Я тут"})
            assert said.json()["ok"] is True
            wrong = await http.post("/telegram/control/say", json={"chat_id": 6, "text": "Я тут"})
            assert "there is no chat 6 here" in wrong.json()["error"]
        assert emulators.telegram.state.updates.waiting[0]["message"]["text"] == "Я тут"


async def test_a_taken_port_is_named_and_nothing_is_left_running() -> None:
    """The error says which port and what to do; the emulators already started are stopped again."""
    taken = listen("127.0.0.1", 0)
    emulators = Emulators(sms_port=taken.getsockname()[1])
    with pytest.raises(PortError, match="choose another port"):
        await emulators.start()
    taken.close()
    listen("127.0.0.1", emulators.telegram.server.port).close()


async def test_stopping_does_not_wait_for_what_hangs() -> None:
    """A hanging request and a long poll end with stop()."""
    emulators = Emulators()
    await emulators.start()
    emulators.telegram.state.add_chat(5, "Олена")
    base = f"{emulators.urls.telegram}/bot{emulators.telegram.state.token}"
    fault = emulators.telegram.faults.add({"method": "sendMessage"}, "hang")
    async with httpx.AsyncClient(trust_env=False, timeout=60) as http:
        polling = asyncio.create_task(http.get(base + "/getUpdates?timeout=50"))
        sending = asyncio.create_task(http.get(base + "/sendMessage?chat_id=5&text=a"))
        await emulators.telegram.faults.struck(fault)
        await emulators.telegram.state.updates.bell.wait_for(lambda: emulators.telegram.state.updates.polls, 5)
        await emulators.stop()
        assert (await polling).json() == {"ok": True, "result": []}
        with pytest.raises(httpx.RemoteProtocolError):
            await sending


def test_the_emulators_run_in_a_thread() -> None:
    """A caller without a loop reaches them over HTTP and through call()."""
    with Emulators().in_thread() as emulators:
        emulators.call(lambda: emulators.telegram.state.add_chat(5, "Олена"))
        base = f"{emulators.urls.telegram}/bot{emulators.telegram.state.token}"
        sent = httpx.post(base + "/sendMessage", json={"chat_id": 5, "text": "а"}, trust_env=False)
        assert sent.json()["ok"] is True
        texts = emulators.call(lambda: [message.text for message in emulators.telegram.state.messages(5)])
        assert texts == ["а"]
        assert emulators.wait(emulators.sms.state.reply("+380671234567", "1")) is None


def test_a_thread_that_cannot_start_says_why() -> None:
    """The taken port is reported to the caller, not lost in the thread."""
    taken = listen("127.0.0.1", 0)
    with pytest.raises(PortError), Emulators(page_port=taken.getsockname()[1]).in_thread():
        pass
    taken.close()


def test_the_page_fetches_nothing_from_elsewhere_and_never_writes_markup() -> None:
    """No foreign address, and no way for a text to become HTML."""
    page = PAGE.read_text("utf-8")
    assert re.findall(r"""(?:src|href)\s*=\s*["']?(?:https?:)?//""", page) == []
    assert "innerHTML" not in page
    assert "insertAdjacentHTML" not in page
