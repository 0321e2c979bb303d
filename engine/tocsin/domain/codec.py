"""The one encoding of inputs and changes: for the journal, the tables and the digests."""

import msgspec

from tocsin.domain.change import Change, Timer
from tocsin.domain.incident import Activation, Incident
from tocsin.domain.input import Input
from tocsin.domain.notification import Notification

encode = msgspec.json.Encoder().encode
"""Keeps the order of mappings: a value read back must be the value that was in memory, to the order of its keys.

A field is left out when it *is* its default, not when it equals it, and a decoded text never is: so no text field that
comes from data has a default other than "", or the same change would be written in two ways.
"""
decode_input = msgspec.json.Decoder(Input).decode
decode_change = msgspec.json.Decoder(Change).decode
decode_changes = msgspec.json.Decoder(list[Change]).decode
decode_incident = msgspec.json.Decoder(Incident).decode
decode_activation = msgspec.json.Decoder(Activation).decode
decode_notification = msgspec.json.Decoder(Notification).decode
decode_timer = msgspec.json.Decoder(Timer).decode

FORMAT = 1
"""Number of the input format; every sealed segment records it."""
