"""`tracemark help TOPIC`."""

from __future__ import annotations

import click

TOPICS = {
    "exit-codes": """\
  0  done
  1  not as it should be: did not verify, degraded or paused run, some lines set aside, held by another process
  2  bad usage or bad input
  3  configuration: no workspace, or its settings cannot be used
  4  not permitted: no authority on record, it has expired, or a rule of conduct forbids it
  5  a part is missing or unreachable: browser, search server, database
  6  disk: full, or cannot be written
130  interrupted
""",
    "environment": """\
TRACEMARK_WORKSPACE        the workspace, where --workspace is not given
TRACEMARK_DATABASE_URL     the store (overrides [store] url)
TRACEMARK_INDEX_URL        an Elasticsearch address (overrides the configured engine)
TRACEMARK_INDEX_PASSWORD   its password; TRACEMARK_INDEX_CA its certificate authority (PEM file)
TRACEMARK_SIGN_IN_SECRET   the secret that the provider of sign-ins knows the desk by
TRACEMARK_KEY_PASSPHRASE   the passphrase of the signing key
TRACEMARK_ALLOW_LOOPBACK   1: crawl addresses on this machine (tests and training only)
TRACEMARK_SMTP_PASSWORD    for alerts by mail (alerts.toml); TRACEMARK_WEBHOOK_SECRET signs those by webhook
NO_COLOR                   no colour
""",
    "query": """\
glock 19                   both words (title, description, make, model, seller, location)
"private sale"             a phrase
glock OR beretta           either; NOT airsoft, -airsoft: without; (…) groups
ber*   fuzzy: bereta~1     a beginning; one letter off
signal:no_check_offered    a field: title, description, site, seller, signal, class, make, model, calibre,
                           location, country, language, status, review, decision, contact, item, listing,
                           score, band, state, first
price:200..400  price:<800  posted:>=2026-01-01  seen:2026-03-01..2026-03-31
review:review              what the machine put up for a person; decision: what the person said
""",
}


@click.command("help")
@click.argument("topic", required=False, type=click.Choice(list(TOPICS)))
def help_(topic: str | None) -> None:
    """Explain exit codes, environment variables or the query language.

    \b
    Examples:
      tracemark help exit-codes
      tracemark help query
    """
    if topic is None:
        click.echo("Topics: " + ", ".join(TOPICS) + ". `tracemark --help` lists the commands.")
        return
    click.echo(TOPICS[topic], nl=False)
