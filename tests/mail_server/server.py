"""A mail server for tests: takes mails, or fails as it is told, and prints one JSON line for each that it has taken.

The first line says on which port it listens. A mail is printed as sent (`raw`) and as Python's own parser reads it, which is what a
mail program would show. It ends with its standard input.
"""

import argparse
import asyncio
import base64
import email
import email.policy
import json
import logging
import ssl
import sys
import warnings

from aiosmtpd.smtp import SMTP, AuthResult


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--tls", choices=("implicit", "starttls"))
    parser.add_argument("--cert")
    parser.add_argument("--key")
    parser.add_argument("--login", help="user:password, without which nothing is taken")
    parser.add_argument("--refuse", action="append", default=[], metavar="ADDRESS=REPLY")
    parser.add_argument("--reply", help="after the message, instead of taking it")
    parser.add_argument("--delay", type=float, default=0, help="seconds before a message is taken")
    parser.add_argument("--hesitate", type=float, default=0, help="seconds between taking a message and saying so")
    parser.add_argument("--close", choices=("data", "message"), help="breaks off before or after a message")
    return parser.parse_args()


class Handler:
    def __init__(self, options):
        self.refused = dict(refusal.split("=", 1) for refusal in options.refuse)
        self.options = options

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        await asyncio.sleep(self.options.delay)
        if self.options.reply:
            return self.options.reply
        show(server, session, envelope)
        await asyncio.sleep(self.options.hesitate)
        if self.options.close == "message":
            server.transport.abort()
        return "250 taken"

    async def handle_MAIL(self, server, session, envelope, address, mail_options):
        if self.options.close == "data":
            server.transport.abort()
        envelope.mail_from = address
        envelope.mail_options.extend(mail_options)
        return "250 OK"


def show(server, session, envelope):
    message = email.message_from_bytes(envelope.content, policy=email.policy.default)
    part = lambda kind: next((part.get_content() for part in message.walk() if part.get_content_type() == kind), None)
    line = {
        "from": envelope.mail_from,
        "to": envelope.rcpt_tos,
        "is_encrypted": server.transport.get_extra_info("ssl_object") is not None,
        "login": session.auth_data,
        "raw": base64.b64encode(envelope.content).decode(),
        "headers": [[name, str(value)] for name, value in message.items()],
        "type": message.get_content_type(),
        "text": part("text/plain"),
        "html": part("text/html"),
    }
    print(json.dumps(line), flush=True)


def authenticator(options):
    expected = options.login.split(":", 1)

    def check(server, session, envelope, mechanism, login):
        given = [login.login.decode(), login.password.decode()]
        is_right = given == expected
        return AuthResult(success=is_right, handled=is_right, auth_data=given[0] if is_right else None)

    return check


def protocol(options, context):
    more = {}
    if options.login:
        more = {"authenticator": authenticator(options), "auth_required": True, "auth_require_tls": False}
    if options.tls == "starttls":
        more |= {"tls_context": context, "require_starttls": True}
    handler = Handler(options)
    return lambda: SMTP(handler, hostname="localhost", enable_SMTPUTF8=False, **more)


def tls(options):
    if not options.tls:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(options.cert, options.key)
    return context


async def main():
    options = arguments()
    context, loop = tls(options), asyncio.get_running_loop()
    implicit = context if options.tls == "implicit" else None
    server = await loop.create_server(protocol(options, context), "127.0.0.1", options.port, ssl=implicit)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


# Signing in without TLS is what a test may ask for.
warnings.simplefilter("ignore")
# So are connections that break off.
logging.disable()
asyncio.run(main())
