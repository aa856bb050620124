"""E-mail through an SMTP server, with what a careful mail server asks for: Date, Message-ID, a proper sender."""

from __future__ import annotations

import secrets
import smtplib
import ssl
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

from litekeep.notify.channels import EmailChannel, reveal
from litekeep.notify.delivery import NotDelivered
from litekeep.notify.message import Message
from litekeep.redaction import one_line, redact
from litekeep.storage.tls import verifying_context

LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


def send_email(channel: EmailChannel, message: Message) -> None:
    """Send to all recipients; raises NotDelivered, also if the server refuses one of them."""
    password = reveal(channel.password) if channel.user else ""
    if password and channel.security == "plain" and channel.host not in LOCAL:
        raise NotDelivered(f"a password is not sent to {channel.host} without encryption; use starttls or ssl")
    mail = compose(channel, message)
    try:
        with _connect(channel) as server:
            if channel.user:
                server.login(channel.user, password)
            refused = server.send_message(mail, channel.sender, list(channel.recipients))
    except (smtplib.SMTPException, OSError, ValueError) as error:
        raise _failed(channel, error, password) from None
    if refused:
        raise NotDelivered(f"{channel.host} refused {len(refused)} of {len(channel.recipients)} recipients")


def compose(channel: EmailChannel, message: Message) -> EmailMessage:
    """The mail; raises NotDelivered if an address cannot be one."""
    mail = EmailMessage()
    try:
        mail["From"] = Address("Litekeep", addr_spec=channel.sender)
        mail["To"] = tuple(Address(addr_spec=each) for each in channel.recipients)
    except (ValueError, IndexError) as error:
        raise NotDelivered(f"an e-mail address of the settings is not valid ({type(error).__name__})") from None
    mail["Subject"] = one_line(f"[Litekeep] {message.title}")
    mail["Date"] = format_datetime(message.at)
    domain = channel.sender.rpartition("@")[2]
    mail["Message-ID"] = f"<{message.at:%Y%m%d%H%M%S}.{secrets.token_hex(8)}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"  # keeps holiday answers away
    mail.set_content(message.text)
    return mail


def _connect(channel: EmailChannel) -> smtplib.SMTP:
    """A connection that is as safe as the settings say, or none."""
    context = verifying_context(channel.ca_file)
    name, limit = "localhost", channel.timeout_seconds  # a name of our own: looking one up can take a minute
    if channel.security == "ssl":
        return smtplib.SMTP_SSL(channel.host, channel.port, local_hostname=name, timeout=limit, context=context)
    server = smtplib.SMTP(channel.host, channel.port, local_hostname=name, timeout=limit)
    if channel.security == "starttls":
        try:
            server.starttls(context=context)
        except BaseException:
            server.close()
            raise
    return server


def _failed(channel: EmailChannel, error: Exception, password: str) -> NotDelivered:
    where = f"{channel.host}:{channel.port}"
    if isinstance(error, ssl.SSLCertVerificationError):
        return NotDelivered(f"{where}: its certificate is not trusted ({error.verify_message})")
    if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
        return NotDelivered(f"{where} did not answer in time", transient=True)
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return NotDelivered(f"{where} does not accept user name and password ({error.smtp_code})")
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return NotDelivered(f"{where} refused all recipients")
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return NotDelivered(f"{where} does not offer what the settings ask for (encryption or log-in)")
    if isinstance(error, smtplib.SMTPResponseException):
        told = error.smtp_error.decode("utf-8", "replace") if isinstance(error.smtp_error, bytes) else error.smtp_error
        text = redact(one_line(told), [password])[:200]
        return NotDelivered(f"{where} answered {error.smtp_code} {text}", transient=400 <= error.smtp_code < 500)
    if isinstance(error, ValueError):
        return NotDelivered(f"{where}: the message or an address was not valid")
    text = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
    return NotDelivered(f"{where} cannot be reached: {text}", transient=True)
