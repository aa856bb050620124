"""Secrets for a place that is given only by its URL: from environment variables.

    LITEKEEP_SECRET_<NAME>   the name of the secret in capitals: LITEKEEP_SECRET_PASSWORD, LITEKEEP_SECRET_ACCESS_KEY
    AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN   for s3://, if none of its own variables is set

Only the names that this kind of place has are looked at (storage/remote/address.SECRETS). The two ways are never mixed:
half of one pair of keys and half of another would be refused by the server with a text that helps nobody.
"""

from __future__ import annotations

from collections.abc import Mapping

from litekeep.config.environment import process_environment
from litekeep.storage.remote.address import SECRETS, parse_address

PREFIX = "LITEKEEP_SECRET_"
AWS = {
    "access_key": "AWS_ACCESS_KEY_ID",
    "secret_key": "AWS_SECRET_ACCESS_KEY",
    "session_token": "AWS_SESSION_TOKEN",
}


def variable_of(name: str) -> str:
    """The variable of a secret: "access_key" -> "LITEKEEP_SECRET_ACCESS_KEY"."""
    return PREFIX + name.upper()


def environment_secrets(url: str, environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """The secrets for this URL that are set and not empty; do not keep, show or log them. Raises UsageError.

    environ: instead of the environment of this process.
    """
    given = process_environment() if environ is None else environ
    scheme = parse_address(url).scheme
    found = {name: value for name in SECRETS[scheme] if (value := given.get(variable_of(name)))}
    if found or scheme != "s3":
        return found
    return {name: value for name, variable in AWS.items() if (value := given.get(variable))}


def how_to_give(url: str) -> str:
    """A hint: where the secrets of this place are looked for."""
    scheme = parse_address(url).scheme
    names = ", ".join(map(variable_of, SECRETS[scheme]))
    aws = f", or {', '.join(AWS.values())}" if scheme == "s3" else ""
    return f"They are read from {names}{aws}, or from the credentials of a copy with this URL in the settings file."
