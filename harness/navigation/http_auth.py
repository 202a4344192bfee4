"""HTTP authentication: a server's challenge is answered with a credential once, and then no more.

Without an answer the page waits for ever; a wrong password that is given again would be asked for again, and may lock
the account. So the second challenge in the same place is cancelled, and the navigation ends with its 401.
"""

from __future__ import annotations

from typing import Any

from harness.basics.errors import OperationError
from harness.basics.secret import Secret
from harness.navigation.page_link import PageLink


async def answer_http_auth(link: PageLink, origin: str, account: str, secret: Secret) -> None:
    """Answer challenges of `origin` until cancelled; ends with the session. A challenge of anyone else, a proxy's too, is
    cancelled: the credential is for one origin."""
    session, tried = link.session, set[str]()

    async def answer(challenge: dict[str, Any], request_id: str) -> None:
        place = f"{challenge.get('origin')} {challenge.get('realm')}"
        ours = challenge.get("source") != "Proxy" and challenge.get("origin") == origin and place not in tried
        tried.add(place)
        reply = (
            {"response": "ProvideCredentials", "username": account, "password": secret.reveal()}
            if ours
            else {"response": "CancelAuth"}
        )
        link.log.info(
            "page.http_auth", origin=str(challenge.get("origin", "")), outcome="answered" if ours else "refused"
        )
        await link.call("Fetch.continueWithAuth", {"requestId": request_id, "authChallengeResponse": reply})

    with session.stream("Fetch.authRequired", "Fetch.requestPaused") as asked:
        async for method, params in asked:
            try:
                if method == "Fetch.authRequired":
                    await answer(params["authChallenge"], params["requestId"])
                else:
                    await link.call("Fetch.continueRequest", {"requestId": params["requestId"]})
            except OperationError as error:
                link.log.info("page.http_auth", origin=origin, outcome=error.code)
