"""Who may speak to a test's API server: an authority, the certificates it signs, kubeconfigs."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

LIFETIME = timedelta(days=2)
CLOCK_LEAP = timedelta(hours=1)
"""How far a clock may be set back before a certificate counts as not yet valid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """A private key and the certificate that goes with it, both PEM."""

    key: bytes
    certificate: bytes

    def write(self, folder: Path, name: str) -> tuple[Path, Path]:
        """Write both for a program to read; (certificate, key)."""
        certificate, key = folder / f"{name}.crt", folder / f"{name}.key"
        certificate.write_bytes(self.certificate)
        key.touch(mode=0o600)
        key.write_bytes(self.key)
        return certificate, key


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """What signs all certificates of one control plane."""

    _key: EllipticCurvePrivateKey
    _certificate: x509.Certificate

    @classmethod
    def fresh(cls) -> Self:
        """One that nobody has trusted before."""
        key, name = generate_private_key(SECP256R1()), _name("sluice-tests", ())
        builder = _builder(name, name, key).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True
        )
        return cls(_key=key, _certificate=builder.sign(key, SHA256()))

    @property
    def certificate(self) -> bytes:
        """What those who trust this authority hold; PEM."""
        return self._certificate.public_bytes(Encoding.PEM)

    def server(self, address: str) -> Credential:
        """For a server that is reached under an IP address."""
        names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))])
        return self._signed(_name("kube-apiserver", ()), names)

    def user(self, name: str, groups: Sequence[str] = ()) -> Credential:
        """For a client: Kubernetes reads the user from CN and the groups from O."""
        return self._signed(_name(name, groups), None)

    def _signed(self, subject: x509.Name, names: x509.SubjectAlternativeName | None) -> Credential:
        key = generate_private_key(SECP256R1())
        builder = _builder(subject, self._certificate.subject, key)
        if names is not None:
            builder = builder.add_extension(names, critical=False)
        certificate = builder.sign(self._key, SHA256())
        return Credential(key=_pem(key), certificate=certificate.public_bytes(Encoding.PEM))


def signing_key() -> bytes:
    """A fresh private key, such as the one that signs the tokens of ServiceAccounts; PEM."""
    return _pem(generate_private_key(SECP256R1()))


def kubeconfig(url: str, authority: Authority, user: Credential) -> str:
    """A kubeconfig that needs no other file; JSON, which is YAML too."""
    cluster = {"server": url, "certificate-authority-data": _base64(authority.certificate)}
    login = {
        "client-certificate-data": _base64(user.certificate),
        "client-key-data": _base64(user.key),
    }
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "tests", "cluster": cluster}],
        "users": [{"name": "tests", "user": login}],
        "contexts": [{"name": "tests", "context": {"cluster": "tests", "user": "tests"}}],
        "current-context": "tests",
    }
    return json.dumps(document, indent=1)


def _name(common: str, organisations: Sequence[str]) -> x509.Name:
    groups = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in organisations]
    return x509.Name([*groups, x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_LEAP)
        .not_valid_after(now + LIFETIME)
    )


def _pem(key: EllipticCurvePrivateKey) -> bytes:
    # not PKCS8, in which Kubernetes reads no EC keys for tokens
    return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
