"""`bin/manage token create|list|revoke`: tokens of reporters, local daemons and managers."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.text import slugify

from monitoring import tokens
from monitoring.models import Location, Node, Token, TokenKind


class Command(BaseCommand):
    help = "Make, list and revoke the tokens of programs that report here."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        commands = parser.add_subparsers(dest="command", required=True)
        create = commands.add_parser("create", help="print a new token as the last word")
        create.add_argument("--kind", choices=TokenKind.values, default=TokenKind.REPORTER.value)
        create.add_argument("--node", default="", metavar="COMPONENT/NODE", help="only for this")
        create.add_argument("--location", default="", metavar="NAME", help="where a daemon runs")
        create.add_argument("--key", default="", help="group_name of an external endpoint")
        create.add_argument("--label", default="", help="what it is for")
        commands.add_parser("list", help="tokens with their last use")
        revoke = commands.add_parser("revoke", help="refuse a token from now on")
        revoke.add_argument("id", type=int)

    def handle(self, *_args: Any, **options: Any) -> None:
        match options["command"]:
            case "create":
                self._create(options)
            case "list":
                self._list()
            case "revoke":
                self._revoke(options["id"])

    def _create(self, options: dict[str, Any]) -> None:
        try:
            token, secret = tokens.create(
                kind=TokenKind(options["kind"]),
                now=timezone.now(),
                node=_node(options["node"]),
                location=_location(options["location"]),
                label=options["label"],
                key=options["key"],
            )
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        self.stdout.write(f"Token {token.pk}, shown this once: {secret}")

    def _list(self) -> None:
        rows = Token.objects.select_related("node__component", "location").order_by("id")
        for token in rows:
            used = f"{token.last_used_at:%Y-%m-%d %H:%M}" if token.last_used_at else "never"
            state = "revoked" if token.revoked_at else "live"
            self.stdout.write(
                f"{token.pk}  {token.kind}  {token.scope}  {state}  last used {used}"
                + (f" from {token.last_used_from}" if token.last_used_from else "")
                + (f"  {token.label}" if token.label else "")
            )

    def _revoke(self, token_id: int) -> None:
        token = Token.objects.filter(pk=token_id).first()
        if token is None:
            raise CommandError(f"There is no token {token_id}. `token list` shows them.")
        tokens.revoke(token=token, now=timezone.now())
        self.stdout.write(f"Token {token_id} is refused from now on.")


def _node(name: str) -> Node | None:
    if not name:
        return None
    component, _, slug = name.partition("/")
    node = Node.objects.filter(component__slug=component, slug=slug).first()
    if node is None:
        raise CommandError(f"There is no node {name}. Write its component's slug and its own.")
    return node


def _location(name: str) -> Location | None:
    """The location with this name or slug, made on first use."""
    if not name:
        return None
    slug = slugify(name)
    if not slug:
        raise CommandError("The name of a location needs letters or digits.")
    location, _ = Location.objects.get_or_create(slug=slug, defaults={"name": name})
    return location
