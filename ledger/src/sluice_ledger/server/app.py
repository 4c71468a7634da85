"""The paths of the service; what each does is elsewhere."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from starlette.exceptions import HTTPException

from sluice_ledger import wire
from sluice_ledger.errors import StoreError
from sluice_ledger.server.body import KINDS, Kind, Parsed, parsed
from sluice_ledger.server.commit import Committer
from sluice_ledger.server.door import Calendar, Door
from sluice_ledger.server.metric import TEXT, Metrics
from sluice_ledger.server.question import add_questions
from sluice_ledger.server.refusal import HttpRefusal
from sluice_ledger.server.token import Keyring, Scope, TokensError
from sluice_ledger.server.tray import Tray

BODY_SECONDS = 30.0
RETRY_SECONDS = 2
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What the paths work with."""

    door: Door
    committer: Committer
    calendar: Calendar
    keyring: Keyring
    tray: Tray
    metrics: Metrics
    body_bytes: int

    def start(self) -> None:
        """Begin to write and to keep the calendar."""
        self.committer.start()
        self.calendar.start()

    def close(self) -> None:
        """Write what waits, then let go of the database."""
        self.committer.close()
        self.calendar.close()
        self.door.close()


def make_app(service: Service) -> FastAPI:
    """The application; its service runs from start-up to shutdown."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        service.start()
        yield
        await asyncio.to_thread(service.close)

    app = FastAPI(
        title="Sluice ledger",
        openapi_url="/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    for kind in KINDS:
        _add_kind(app, service, kind)
    add_questions(app, service.door, Depends(_allows(service, Scope.READ)))
    _add_erasure(app, service)
    _add_health(app, service)
    _add_refusals(app)
    _count_requests(app, service.metrics)
    return app


def _add_kind(app: FastAPI, service: Service, kind: Kind) -> None:
    async def hand_in(request: Request) -> JSONResponse:
        size = _size(request, service.body_bytes)
        with service.tray.place(size):
            body = await _body(request, size)
            found = await asyncio.to_thread(
                parsed, kind, request.headers.get("content-type", ""), body
            )
            taken = await asyncio.wrap_future(service.committer.submit(found.arrivals))
        fates = asdict(taken)
        for fate, count in (*fates.items(), ("refused", len(found.refused))):
            service.metrics.records.labels(kind.name, fate).inc(count)
        return _said(fates, found)

    app.add_api_route(
        kind.path,
        hand_in,
        methods=["POST"],
        dependencies=[Depends(_allows(service, kind.scope))],
        response_model=wire.TakenOut,
        openapi_extra={
            "requestBody": {"content": {wire.JSON: {"schema": kind.batch.model_json_schema()}}}
        },
    )


def _said(fates: dict[str, int], found: Parsed) -> JSONResponse:
    refused = [asdict(one) for one in found.refused]
    return JSONResponse({**fates, "refused": refused}, status_code=422 if refused else 200)


def _add_erasure(app: FastAPI, service: Service) -> None:
    @app.post(wire.ERASURES, dependencies=[Depends(_allows(service, Scope.ERASE))])
    def erase(wanted: wire.ErasureIn) -> wire.ErasureOut:
        gone = service.door.ledger().erase(wanted.subject)
        logger.info("Erased a subject: %d requests", gone.requests)
        return wire.ErasureOut(**asdict(gone))


def _add_health(app: FastAPI, service: Service) -> None:
    @app.get("/healthz", response_class=PlainTextResponse)
    async def healthz() -> str:
        return "ok"

    @app.get("/readyz", response_class=PlainTextResponse)
    def readyz() -> str:
        service.door.ledger().last_arrival()
        return "ok"

    @app.get("/metrics")
    async def metrics() -> Response:
        return Response(service.metrics.text(), media_type=TEXT)


def _allows(service: Service, scope: Scope) -> Callable[[Request], Awaitable[None]]:
    async def allow(request: Request) -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise HttpRefusal(401, "no token: send the header Authorization: Bearer TOKEN")
        holder = service.keyring.holder(token.strip())
        if holder is None:
            raise HttpRefusal(401, "token: not known here; ask whoever keeps the file of tokens")
        if scope not in holder.scopes:
            raise HttpRefusal(
                403,
                f"token {holder.name}: has the scopes {', '.join(holder.scopes)}, but"
                f" {request.method} {request.url.path} needs {scope}",
            )

    return allow


def _size(request: Request, most: int) -> int:
    length = request.headers.get("content-length", "")
    if not length.isdecimal():
        raise HttpRefusal(411, "no Content-Length: send the body in one piece")
    if int(length) > most:
        raise HttpRefusal(413, f"body: {length} bytes; send at most {most} at once")
    return int(length)


async def _body(request: Request, size: int) -> bytes:
    """All of it; the server has held the sender to the length that it announced."""
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await request.body()
    except TimeoutError:
        raise HttpRefusal(
            408, f"body: {size} bytes did not arrive within {BODY_SECONDS:.0f} s"
        ) from None


def _add_refusals(app: FastAPI) -> None:
    @app.exception_handler(HttpRefusal)
    async def refused(_: Request, why: HttpRefusal) -> JSONResponse:
        return JSONResponse({"error": why.error}, status_code=why.status, headers=why.headers)

    @app.exception_handler(StoreError)
    async def away(_: Request, why: StoreError) -> JSONResponse:
        headers = {"retry-after": str(RETRY_SECONDS)}
        return JSONResponse({"error": str(why)}, status_code=503, headers=headers)

    @app.exception_handler(TokensError)
    async def no_tokens(_: Request, why: TokensError) -> JSONResponse:
        logger.error("Refused a request: %s", why)
        return JSONResponse({"error": "the file of tokens is broken"}, status_code=503)

    @app.exception_handler(HTTPException)
    async def unknown(request: Request, why: HTTPException) -> JSONResponse:
        error = f"{request.method} {request.url.path}: {why.detail}; see /v1/openapi.json"
        return JSONResponse({"error": error}, status_code=why.status_code, headers=why.headers)

    @app.exception_handler(RequestValidationError)
    async def odd(_: Request, why: RequestValidationError) -> JSONResponse:
        problems = "; ".join(
            f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in why.errors()
        )
        return JSONResponse({"error": problems}, status_code=400)


def _count_requests(app: FastAPI, metrics: Metrics) -> None:
    known = {route.path for route in app.routes if hasattr(route, "path")}

    @app.middleware("http")
    async def count(request: Request, call: Callable[[Request], Awaitable[Response]]) -> Response:
        path = request.url.path if request.url.path in known else "other"
        status = 500
        try:
            answer = await call(request)
            status = answer.status_code
        finally:
            metrics.requests.labels(path, str(status)).inc()
        return answer
