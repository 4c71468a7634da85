"""What our runtime costs against MLServer's own scikit-learn runtime, on the same pickled model.

Both run as real processes on loopback, ours with its ledger, both without workers; both get the
same bytes as request (MLServer's runtime reads them with its pandas codec). One keep-alive
connection asks them in turns, a slice of requests each, so that what else the machine does hits
both.
Usage: `python bench/serving/overhead.py [--slices 40] [--requests 100] [--rows 1 100] [--quick]`;
writes build/bench/serving.json, and exits with 1 if a request of one row costs more than a tenth
more than there, at the median or at the 99th percentile. Many rows in one request cost more here,
for each is recorded; that is measured and not claimed. Run it on a quiet machine.
"""

import argparse
import http.client
import json
import os
import pickle
import platform
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sluice_package.contract import Contract
from sluice_package.profile import profile_frame
from sluice_package.schema import Column, ColumnType, Schema
from sluice_package.seal import seal

ROOT = Path(__file__).parents[2]
MLSERVER = ROOT / "serving" / ".venv" / "bin" / "mlserver"
RESULT = ROOT / "build" / "bench" / "serving.json"
NUMBERS = ("distance", "hour", "temperature", "wind", "seats", "age")
TEXTS = {"carrier": 16, "origin": 3, "destination": 100}
NAME = "delays"
MOST = 1.10
"""What this runtime may cost, as a multiple of the other."""
FLAVOUR = "flavors: {sklearn: {pickled_model: model.pkl, serialization_format: pickle}}\n"


@dataclass(kw_only=True)
class Arm:
    """One server process and what it answered."""

    name: str
    port: int
    process: subprocess.Popen[bytes]
    seconds: list[float] = field(default_factory=list)

    def ask(self, requests: int, body: bytes) -> None:
        """Send one slice of requests over one connection."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        for _ in range(requests):
            self.seconds.append(_timed(lambda: _answer(connection, body)))
        connection.close()

    def summary(self) -> dict[str, float]:
        """Percentiles in milliseconds."""
        cuts = statistics.quantiles(self.seconds, n=1000, method="inclusive")
        return {"p50_ms": cuts[499] * 1e3, "p99_ms": cuts[989] * 1e3}


def main() -> int:
    """Build one model, ask both, print and keep what they needed; 1 if a claim does not hold."""
    options = _options()
    with tempfile.TemporaryDirectory() as scratch:
        digest = _package(Path(scratch) / "package")
        arms = [_ours(Path(scratch), digest), _plain(Path(scratch))]
        try:
            figures = [_measured(arms, rows, options) for rows in options.rows]
        finally:
            for arm in arms:
                arm.process.terminate()
                arm.process.wait()
    return _report(figures, options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slices", type=int, default=40, help="slices per runtime")
    parser.add_argument("--requests", type=int, default=100, help="requests per slice")
    parser.add_argument("--rows", type=int, nargs="+", default=[1, 100], help="rows per request")
    parser.add_argument("--quick", action="store_true", help="4 slices of 50: shows that it works")
    options = parser.parse_args()
    if options.quick:
        options.slices, options.requests = 4, 50
    return options


def _measured(arms: list[Arm], rows: int, options: argparse.Namespace) -> dict[str, Any]:
    """Both runtimes at one size of request."""
    _run(arms, _body(rows), options)
    ours, plain = (arm.summary() for arm in arms)
    return {
        "rows_per_request": rows,
        "runtimes": {arm.name: arm.summary() for arm in arms},
        "ratio": {cut: ours[f"{cut}_ms"] / plain[f"{cut}_ms"] for cut in ("p50", "p99")},
    }


def _run(arms: list[Arm], body: bytes, options: argparse.Namespace) -> None:
    for arm in arms:
        _wait_ready(arm)
        arm.ask(options.requests, body)
        arm.seconds.clear()
    for turn in range(options.slices):
        for arm in arms if turn % 2 else reversed(arms):
            arm.ask(options.requests, body)


def _frame(rows: int) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    columns: dict[str, Any] = {name: rng.normal(100, 30, rows).round(1) for name in NUMBERS}
    for name, kinds in TEXTS.items():
        columns[name] = [f"{name[:2]}{code}" for code in rng.integers(0, kinds, rows)]
    return pd.DataFrame(columns)


def _package(folder: Path) -> str:
    """The one package that both serve; its digest."""
    frame = _frame(20_000)
    late = (frame["distance"] + np.random.default_rng(6).normal(0, 30, len(frame)) > 120) * 1
    numeric = Pipeline([("fill", SimpleImputer()), ("scale", StandardScaler())])
    encode = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    features = ColumnTransformer(
        [("numeric", numeric, list(NUMBERS)), ("text", encode, list(TEXTS))]
    )
    model = Pipeline([("features", features), ("estimator", LogisticRegression(max_iter=500))])
    folder.mkdir()
    (folder / "MLmodel").write_text(FLAVOUR)
    (folder / "model.pkl").write_bytes(pickle.dumps(model.fit(frame, late)))
    contract = Contract(input=_schema(frame), target="late", classes=("0", "1"))
    profile = profile_frame(frame.assign(late=late), contract.profiled)
    return seal(folder, contract=contract, profile=profile, lineage={}, metrics={}, card="")


def _schema(frame: pd.DataFrame) -> Schema:
    numbers = [
        Column(name=name, type=ColumnType.FLOAT, nullable=True, minimum=-1e3, maximum=1e3)
        for name in NUMBERS
    ]
    texts = [
        Column(name=name, type=ColumnType.STRING, categories=tuple(sorted(set(frame[name]))))
        for name in TEXTS
    ]
    return Schema(columns=(*numbers, *texts))


def _body(rows: int) -> bytes:
    frame = _frame(rows)
    inputs: list[dict[str, Any]] = [
        {"name": n, "shape": [rows, 1], "datatype": "FP64", "data": frame[n].tolist()}
        for n in NUMBERS
    ]
    inputs += [
        {
            "name": name,
            "shape": [rows, 1],
            "datatype": "BYTES",
            "data": frame[name].tolist(),
            "parameters": {"content_type": "str"},
        }
        for name in TEXTS
    ]
    return json.dumps({"parameters": {"content_type": "pd"}, "inputs": inputs}).encode()


def _ours(scratch: Path, digest: str) -> Arm:
    extra = {
        "deployment": NAME,
        "revision": f"{NAME}-1",
        "digest": digest,
        "ledger": f"sqlite:///{scratch}/ledger.db",
        "spool": str(scratch / "spool"),
    }
    parameters = {"uri": str(scratch / "package"), "extra": extra}
    return _started("sluice", "sluice_serving.runtime.SluiceModel", parameters, scratch)


def _plain(scratch: Path) -> Arm:
    parameters = {"uri": str(scratch / "package" / "model.pkl")}
    return _started("mlserver-sklearn", "mlserver_sklearn.SKLearnModel", parameters, scratch)


def _started(name: str, implementation: str, parameters: dict[str, Any], scratch: Path) -> Arm:
    ports = _free_ports(3)
    folder = scratch / name / NAME
    folder.mkdir(parents=True)
    settings = dict(zip(("http_port", "grpc_port", "metrics_port"), ports, strict=True))
    server = {"host": "127.0.0.1", "parallel_workers": 0, "debug": False, "gzip_enabled": False}
    model = {"name": NAME, "implementation": implementation, "parameters": parameters}
    (folder / "settings.json").write_text(json.dumps(server | settings))
    (folder / "model-settings.json").write_text(json.dumps(model))
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([MLSERVER, "start", folder], stdout=log, stderr=log)
    return Arm(name=name, port=ports[0], process=process)


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports: list[int] = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def _wait_ready(arm: Arm) -> None:
    deadline = time.monotonic() + 60
    while arm.process.poll() is None and time.monotonic() < deadline:
        connection = http.client.HTTPConnection("127.0.0.1", arm.port, timeout=5)
        try:
            connection.request("GET", f"/v2/models/{NAME}/ready")
            if connection.getresponse().status == http.client.OK:
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise SystemExit(f"{arm.name} did not become ready")


def _answer(connection: http.client.HTTPConnection, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    connection.request("POST", f"/v2/models/{NAME}/infer", body, headers)
    response = connection.getresponse()
    content = response.read()
    if response.status != http.client.OK:
        raise SystemExit(f"{response.status}: {content[:500]!r}")


def _timed(call: Callable[[], None]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def _report(figures: list[dict[str, Any]], options: argparse.Namespace) -> int:
    claims = [claim for row in figures if row["rows_per_request"] == 1 for claim in _claims(row)]
    document = {
        "name": "serving",
        "requests_per_runtime": options.slices * options.requests,
        "machine": {"python": platform.python_version(), "cpus": os.cpu_count()},
        "load_average": os.getloadavg()[0],
        "rows": figures,
        "claims": claims,
    }
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(document, indent=2) + "\n")
    for row in figures:
        print(f"{row['rows_per_request']} rows a request")
        for name, cuts in row["runtimes"].items():
            print(f"  {name:17}  p50 {cuts['p50_ms']:6.2f} ms  p99 {cuts['p99_ms']:6.2f} ms")
        p50, p99 = row["ratio"].values()
        print(f"  ratio              p50 {p50:6.2f}     p99 {p99:6.2f}")
    for claim in claims:
        print(f"{'holds' if claim['holds'] else 'FAILS'}: {claim['claim']}")
    return 0 if all(claim["holds"] for claim in claims) else 1


def _claims(row: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for cut, ratio in row["ratio"].items():
        sentence = f"{cut} of a request of one row is {ratio:.2f} of MLServer's, at most {MOST:.2f}"
        yield {"claim": sentence, "holds": ratio <= MOST}


if __name__ == "__main__":
    sys.exit(main())
