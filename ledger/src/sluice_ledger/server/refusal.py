"""Requests that are refused as a whole: status, what to do, and when to come again."""


class HttpRefusal(Exception):  # noqa: N818 - it is an answer, not a fault
    """Ends the handling of a request with this answer."""

    def __init__(self, status: int, error: str, retry_after: int = 0) -> None:
        """`retry_after` in seconds; none is said for 0."""
        super().__init__(error)
        self.status = status
        self.error = error
        self.headers = {"retry-after": str(retry_after)} if retry_after else {}
        if status == 401:  # noqa: PLR2004 - reads better than its name
            self.headers["www-authenticate"] = "Bearer"
