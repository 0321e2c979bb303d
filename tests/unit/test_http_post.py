"""The client of the webhooks against servers that answer in every way, over real sockets."""

import asyncio
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tocsin_channels.http_post import BrokenError, NeverWrittenError, Posts

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


class Server:
    """Answers each request with the next of ``answers``; "" ends the connection, None says nothing."""

    def __init__(self, answers: list[bytes | None]) -> None:
        self.answers = answers
        self.heard: list[bytes] = []
        self.connections = 0
        self.writers: list[asyncio.StreamWriter] = []
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.writers.append(writer)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
                self.heard.append(head + await reader.readexactly(length))
                answer = self.answers.pop(0)
                if answer is not None:
                    writer.write(answer)
                    if not answer or b"connection: close" in answer or answer.endswith(b"content-le"):
                        break
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()


@asynccontextmanager
async def server(*answers: bytes | None, tls: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    made = Server(list(answers))
    listening = await asyncio.start_server(made.serve, "127.0.0.1", 0, ssl=tls)
    made.port = listening.sockets[0].getsockname()[1]
    yield made
    listening.close()
    for writer in made.writers:
        writer.close()


@pytest.fixture
async def posts() -> AsyncIterator[Posts]:
    made = Posts(0.5)
    yield made
    made.close()
    await asyncio.sleep(0)


async def status(posts: Posts, to: Server, body: bytes = b"{}", scheme: str = "http") -> int:
    return (await posts.post(urlsplit(f"{scheme}://localhost:{to.port}/a?b=1"), "x-own: 1\r\n", body)).status


async def test_requests_follow_each_other_on_one_connection(posts: Posts) -> None:
    """Path, query, host and body arrive; the connection is kept."""
    async with server(OK, OK) as to:
        assert [await status(posts, to), await status(posts, to, b"[1]")] == [200, 200]
        assert to.connections == 1
        assert to.heard[0] == (b"POST /a?b=1 HTTP/1.1\r\nhost: localhost:%d\r\ncontent-length: 2\r\nx-own: 1\r\n\r\n{}"
                               % to.port)
        assert to.heard[1].endswith(b"[1]")


@pytest.mark.parametrize("answer, code", [
    (b"HTTP/1.1 204 No Content\r\n\r\n", 204),
    (b"HTTP/1.1 202 Accepted\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", 202),
    (b"HTTP/1.1 503 Busy\r\nconnection: close\r\n\r\nsome text without a length", 503),
    (b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\nconnection: close\r\n\r\nhalf", 200),
    (b"HTTP/1.0 200 OK\r\nconnection: close\r\n\r\n", 200),
    (b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n" + OK, 200),
    (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 429 Slow\r\ncontent-length: 0\r\n\r\n", 429)])
async def test_every_form_of_an_answer_is_understood(posts: Posts, answer: bytes, code: int) -> None:
    """With a length, in chunks, until the end of the connection, after an announcement; and the next one works."""
    async with server(answer, OK) as to:
        assert await status(posts, to) == code
        assert await status(posts, to) == 200


async def test_retry_after_is_handed_on(posts: Posts) -> None:
    """However its name is written."""
    async with server(b"HTTP/1.1 429 Slow\r\nRETRY-After: 7\r\ncontent-length: 0\r\n\r\n") as to:
        answer = await posts.post(urlsplit(f"http://127.0.0.1:{to.port}"), "", b"{}")
        assert (answer.status, answer.retry_after) == (429, "7")


@pytest.mark.parametrize("answer", [b"SSH-2.0-OpenSSH_9.2\r\n", b"", b"HTTP/1.1 200 OK\r\ncontent-le",
                                    b"HTTP/1.1 200 OK\r\ncontent-length: 3000000\r\n\r\n" + b"x" * 3_000_000])
async def test_what_is_no_answer_breaks_and_the_next_request_works(posts: Posts, answer: bytes) -> None:
    """Another protocol, an end without a word, half a head, one without measure."""
    async with server(answer, OK) as to:
        with pytest.raises(BrokenError):
            await status(posts, to)
        assert await status(posts, to) == 200
        assert to.connections == 2


async def test_silence_is_a_timeout_and_the_connection_is_given_up(posts: Posts) -> None:
    """A late answer must not be taken for that of the next request."""
    async with server(None, OK) as to:
        with pytest.raises(TimeoutError):
            await status(posts, to)
        to.writers[0].write(b"HTTP/1.1 500 Late\r\ncontent-length: 0\r\n\r\n")
        assert await status(posts, to) == 200


async def test_a_connection_that_the_server_closed_meanwhile_is_not_used(posts: Posts) -> None:
    """The request goes out on a new one, it is not called broken."""
    async with server(OK, OK) as to:
        assert await status(posts, to) == 200
        to.writers[0].close()
        await to.writers[0].wait_closed()
        await asyncio.sleep(0.05)
        assert await status(posts, to) == 200
        assert to.connections == 2


async def test_words_that_nobody_asked_for_end_an_idle_connection(posts: Posts) -> None:
    """They would be taken for the answer to the next request."""
    async with server(OK, OK) as to:
        assert await status(posts, to) == 200
        to.writers[0].write(b"HTTP/1.1 500 Early\r\ncontent-length: 0\r\n\r\n")
        await to.writers[0].drain()
        await asyncio.sleep(0.05)
        assert await status(posts, to) == 200


async def test_a_request_that_is_given_up_takes_its_connection_with_it(posts: Posts) -> None:
    """Cancelled in the middle: what comes later belongs to nobody."""
    async with server(None, OK) as to:
        sending = asyncio.create_task(status(posts, to))
        while not to.heard:  # noqa: ASYNC110 - the server has no event for it
            await asyncio.sleep(0.005)
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        assert await status(posts, to) == 200
        assert to.connections == 2


async def test_nobody_there_means_that_nothing_was_written(posts: Posts) -> None:
    """Refused connections, and names that nobody has."""
    async with server() as to:
        pass
    with pytest.raises(NeverWrittenError):
        await status(posts, to)
    with pytest.raises(NeverWrittenError):
        await posts.post(urlsplit("http://no-such-host.invalid/"), "", b"{}")


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, ssl.SSLContext]:
    """A certificate for localhost that nobody has signed but itself, and the server's side of it."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed")
    key, made = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run([openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-keyout", key, "-out", made, "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=DNS:localhost"], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made, key)
    return made, context


async def test_certificates_are_checked(posts: Posts, certificate: tuple[Path, ssl.SSLContext],
                                        monkeypatch: pytest.MonkeyPatch) -> None:
    """To whoever cannot prove who they are nothing is written; whom the machine trusts is served."""
    async with server(OK, tls=certificate[1]) as to:
        with pytest.raises(NeverWrittenError):
            await status(posts, to, scheme="https")
        assert to.heard == []
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
        trusting = Posts(2.0)
        assert await status(trusting, to, scheme="https") == 200
        trusting.close()
