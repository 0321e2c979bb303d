"""Twilio's webhooks: signed forms with answers and receipts, confirmed when what they mean is committed."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.api.body import declared_length, read_body
from tocsin.api.errors import Problem
from tocsin.domain.errors import StoreError
from tocsin.ports import Handler, Inbound

STATUS_PATH = "/v1/channels/sms/status"
INBOUND_PATH = "/v1/channels/sms/inbound"
RETRY = ((b"retry-after", b"5"),)

Form = Mapping[str, str]


class SmsWebhooks(Protocol):
    """What a channel that is called back offers."""

    def verify(self, url: str, form: Form, signature: str) -> bool: ...

    def inbound(self, form: Form) -> Inbound: ...

    def receipt(self, form: Form, query: Form) -> Inbound: ...

    def reply(self, text: str) -> str: ...


def sms_routes(channel: SmsWebhooks, handler: Handler) -> list[Route]:
    """The two addresses that Twilio is given; a request without its signature is refused."""

    async def form_of(request: Request) -> dict[str, str]:
        lengths = [value for name, value in request.scope["headers"] if name == b"content-length"]
        body = await read_body(request.receive, declared_length(lengths))
        form = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
        target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        if not channel.verify(target, form, request.headers.get("x-twilio-signature", "")):
            raise Problem(403, "this request is not signed by Twilio for http.public_url: check that the address there "
                               "is the one that Twilio calls")
        return form

    async def handled(make: Callable[[], Inbound]) -> str:
        try:
            item = make()
        except KeyError as error:
            raise Problem(400, f"the field {error} is missing") from None
        try:
            return (await handler(item)).text
        except StoreError as error:
            raise Problem(503, str(error), RETRY) from None

    async def inbound(request: Request) -> Response:
        form = await form_of(request)
        text = await handled(lambda: channel.inbound(form))
        return Response(channel.reply(text), media_type="text/xml")

    async def status(request: Request) -> Response:
        form = await form_of(request)
        await handled(lambda: channel.receipt(form, dict(request.query_params)))
        return Response(status_code=204)

    routes: list[tuple[str, Callable[[Request], Awaitable[Response]]]] = [
        (INBOUND_PATH, inbound), (STATUS_PATH, status)]
    return [Route(path, endpoint, methods=["POST"]) for path, endpoint in routes]
