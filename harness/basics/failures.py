"""Failure taxonomy: every error names its root cause; every cause belongs to one category of the failure matrix.

The categories are those of the readiness contract (`cdp`, `auth`, `navigation`, `persistence`, `telemetry_sink`); the
causes follow the measured fault list of the project (faults and their signals).
"""

from enum import StrEnum


class Category(StrEnum):
    """Row of the failure matrix."""

    CDP = "cdp"
    AUTH = "auth"
    NAVIGATION = "navigation"
    PERSISTENCE = "persistence"
    TELEMETRY_SINK = "telemetry_sink"


class Containment(StrEnum):
    """How far a failure spread before it was stopped; column group of the failure matrix."""

    STEP_RETRIED = "step_retried"
    SESSION_REATTACHED = "session_reattached"
    ITEM_RETRIED = "item_retried"
    ITEM_FAILED = "item_failed"
    ITEM_UNKNOWN = "item_unknown"
    ITEM_COMMITTED = "item_committed"
    PAGE_CLOSED = "page_closed"
    BROWSER_RESTARTED = "browser_restarted"
    WORKER_REPLACED = "worker_replaced"
    RUN_STOPPED = "run_stopped"
    EVENTS_DROPPED = "events_dropped"


class Cause(StrEnum):
    """Root cause of a failure; `category` tells its row of the matrix."""

    BROWSER_DIED = "browser_died"
    BROWSER_HUNG = "browser_hung"
    BROWSER_START_FAILED = "browser_start_failed"
    CONNECTION_LOST = "connection_lost"
    CONNECTION_REFUSED = "connection_refused"
    RENDERER_CRASHED = "renderer_crashed"
    RENDERER_HUNG = "renderer_hung"
    SESSION_DETACHED = "session_detached"
    COMMAND_TIMEOUT = "command_timeout"
    PROTOCOL_ERROR = "protocol_error"
    OWNERSHIP_VIOLATION = "ownership_violation"
    LEASE_LOST = "lease_lost"
    LOCK_TIMEOUT = "lock_timeout"
    WORKER_DIED = "worker_died"
    LOGIN_REJECTED = "login_rejected"
    SECRET_UNAVAILABLE = "secret_unavailable"  # noqa: S105 - the name of a cause, not a secret
    HTTP_AUTH_REQUIRED = "http_auth_required"
    NET_ERROR = "net_error"
    HTTP_ERROR = "http_error"
    URL_REFUSED = "url_refused"
    ELEMENT_NOT_FOUND = "element_not_found"
    ELEMENT_NOT_ACTIONABLE = "element_not_actionable"
    EXPRESSION_FAILED = "expression_failed"
    GATE_FAILED = "gate_failed"
    STEP_TIMEOUT = "step_timeout"
    SPIN_TIMEOUT = "spin_timeout"
    DIALOG_OPEN = "dialog_open"
    NAVIGATION_MISSING = "navigation_missing"
    CLIPBOARD_REFUSED = "clipboard_refused"
    STEP_INVALID = "step_invalid"
    STRATEGY_DEFECT = "strategy_defect"
    LEDGER_UNREACHABLE = "ledger_unreachable"
    DISK_FULL = "disk_full"
    WRITE_FAILED = "write_failed"
    SINK_FAILED = "sink_failed"
    EVENTS_DROPPED = "events_dropped"

    @property
    def category(self) -> Category:
        """The row of the failure matrix that this cause belongs to."""
        return _CATEGORY[self]


def _rows() -> dict[Category, tuple[Cause, ...]]:
    c = Cause
    return {
        Category.CDP: (
            c.BROWSER_DIED,
            c.BROWSER_HUNG,
            c.BROWSER_START_FAILED,
            c.CONNECTION_LOST,
            c.CONNECTION_REFUSED,
            c.RENDERER_CRASHED,
            c.RENDERER_HUNG,
            c.SESSION_DETACHED,
            c.COMMAND_TIMEOUT,
            c.PROTOCOL_ERROR,
            c.OWNERSHIP_VIOLATION,
            c.LEASE_LOST,
            c.LOCK_TIMEOUT,
            c.WORKER_DIED,
        ),
        Category.AUTH: (c.LOGIN_REJECTED, c.SECRET_UNAVAILABLE, c.HTTP_AUTH_REQUIRED),
        Category.NAVIGATION: (
            c.NET_ERROR,
            c.HTTP_ERROR,
            c.URL_REFUSED,
            c.ELEMENT_NOT_FOUND,
            c.ELEMENT_NOT_ACTIONABLE,
            c.EXPRESSION_FAILED,
            c.GATE_FAILED,
            c.STEP_TIMEOUT,
            c.SPIN_TIMEOUT,
            c.DIALOG_OPEN,
            c.NAVIGATION_MISSING,
            c.CLIPBOARD_REFUSED,
            c.STEP_INVALID,
            c.STRATEGY_DEFECT,
        ),
        Category.PERSISTENCE: (c.LEDGER_UNREACHABLE, c.DISK_FULL, c.WRITE_FAILED),
        Category.TELEMETRY_SINK: (c.SINK_FAILED, c.EVENTS_DROPPED),
    }


_CATEGORY: dict[Cause, Category] = {cause: category for category, causes in _rows().items() for cause in causes}
