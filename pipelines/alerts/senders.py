"""How a digest leaves this machine: by mail, or as JSON to a webhook."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import smtplib
import ssl
from email.message import EmailMessage
from email.utils import format_datetime
from typing import TYPE_CHECKING
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from attrs import frozen

from pipelines.alerts.digest import as_text, subject
from pipelines.errors import TracemarkError

if TYPE_CHECKING:
    from datetime import datetime

    from pipelines.alerts.settings import AlertSettings, Mail
    from pipelines.models import JsonObject

TIMEOUT = 20.0
"""Seconds that a mail server or a webhook may take."""
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class NotSent(TracemarkError):
    """A digest did not go out. `permanent`: trying again cannot help."""

    def __init__(self, message: str, *, permanent: bool = False) -> None:
        super().__init__(message)
        self.permanent = permanent


@frozen(kw_only=True)
class Letter:
    """A digest on its way. Sent twice it has the same `number`, so that a receiver can tell."""

    number: int
    target: str
    made: datetime
    body: JsonObject


@frozen
class Senders:
    """The ways out that a workspace has."""

    settings: AlertSettings

    def send(self, kind: str, letter: Letter) -> None:
        """Send a letter by `email` or `webhook`. NotSent says why it did not go."""
        if kind == "email":
            self._send_mail(letter)
        else:
            self._post(letter)

    def _send_mail(self, letter: Letter) -> None:
        mail = self.settings.mail
        if mail is None:
            raise NotSent("no mail server is named: [mail] in alerts.toml")
        if mail.security == "none" and mail.host not in _LOOPBACK:
            raise NotSent("mail without TLS goes to a server on this machine only", permanent=True)
        message = EmailMessage()
        message["Subject"] = subject(letter.body)
        message["From"], message["To"] = mail.sender, letter.target
        message["Date"] = format_datetime(letter.made)
        message["Message-ID"] = f"<tracemark-{letter.body['search']}-{letter.number}@{mail.sender.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday notes in answer
        message.set_content(as_text(letter.body, self.settings.desk))
        try:
            with _connect(mail) as server:
                if mail.user is not None:
                    server.login(mail.user, self.settings.password or "")
                server.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            code = next(iter(error.recipients.values()))[0]
            raise NotSent(f"the mail server refused the address ({code})", permanent=500 <= code < 600) from error
        except (smtplib.SMTPException, OSError) as error:
            raise NotSent(f"the mail server did not take it: {_short(error)}") from error

    def _post(self, letter: Letter) -> None:
        body = json.dumps({"digest": letter.number, "made": letter.made.isoformat(), **letter.body}).encode()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Tracemark",
            "Idempotency-Key": f"{letter.body['search']}-{letter.number}",
        }
        if self.settings.secret:
            signed = hmac.new(self.settings.secret.encode(), body, hashlib.sha256).hexdigest()
            headers["X-Tracemark-Signature"] = f"sha256={signed}"
        request = Request(letter.target, body, headers, method="POST")  # noqa: S310 -- checked when it was saved
        try:
            with build_opener(_NoRedirect).open(request, timeout=TIMEOUT):
                pass
        except HTTPError as error:
            error.close()
            permanent = error.code < 500 and error.code not in {408, 425, 429}
            raise NotSent(f"the webhook answered {error.code}", permanent=permanent) from error
        except (URLError, http.client.HTTPException, OSError) as error:
            raise NotSent(f"the webhook does not answer: {_short(error)}") from error


class _NoRedirect(HTTPRedirectHandler):
    """What a webhook is told goes to the address that was saved and to no other."""

    def redirect_request(self, *_: object, **__: object) -> None:
        """Follow nothing: the answer counts as it is."""


def _connect(mail: Mail) -> smtplib.SMTP:
    context = ssl.create_default_context(cafile=mail.ca)
    if mail.security == "tls":
        return smtplib.SMTP_SSL(mail.host, mail.port, timeout=TIMEOUT, context=context)
    server = smtplib.SMTP(mail.host, mail.port, timeout=TIMEOUT)
    if mail.security == "starttls":
        try:
            server.starttls(context=context)
        except (smtplib.SMTPException, OSError):
            server.close()
            raise
    return server


def _short(error: Exception) -> str:
    reason = getattr(error, "reason", None) or error
    return f"{type(error).__name__}: {reason}"[:200]
