"""Emulators of the providers: Telegram's Bot API, Twilio's Messages, an SMTP server.

Written from the providers' documents, not from Tocsin's own client, so that both can be wrong only
apart. They refuse what the provider refuses, and misbehave on request (see ``faults``). Everything
listens on loopback and nothing ever leaves the machine.
"""
