"""Answer HTTP authentication with the spin's credential, once for each place that asks."""

from harness.navigation import Step, StepContext, strategy


@strategy("authenticate", requires=("text",))
async def authenticate(ctx: StepContext, step: Step) -> None:
    """`text` is the password, usually `{"credential": "secret"}`; `account` names the user where there is no credential."""
    secret = ctx.text(step)
    account = ctx.credential.account if ctx.credential else str(step.params.get("account", ""))
    await ctx.page.authenticate(account, secret)
