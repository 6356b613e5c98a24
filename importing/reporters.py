"""Take over the password by which the reporters of another product report, where that was asked for."""

from django.core.exceptions import ValidationError

from importing import plans
from importing.run import Run
from monitoring import tokens
from monitoring.models import TokenKind

KIND = "reporter"


def write_tokens(run: Run) -> None:
    """Let reporters show here the password that they show there; one that we refuse is told.

    One that an earlier run kept stays so without being asked for again.
    """
    for secret in run.plan.secrets:
        if secret.digest and tokens.find(digests=[secret.digest], kinds=[TokenKind.REPORTER]):
            run.kept_before(secret)
    for kept in run.plan.kept_secrets:
        if kept.kind == KIND:
            _write_token(run, kept)


def _write_token(run: Run, kept: plans.KeptSecret) -> None:
    try:
        token = tokens.adopt_reporter(secret=kept.secret, label=kept.label[:100], now=run.now)
    except ValidationError as error:
        run.ask_for(kept.label, f"it was not taken over: {' '.join(error.messages)}")
    else:
        if token.created_at == run.now:
            run.made("token", kept.label)
        else:
            run.skip("token", kept.label, "it is here already")
