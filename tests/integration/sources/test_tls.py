"""Connecting to a number leaves the certificate to be the name's."""

import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path
from ssl import PROTOCOL_TLS_SERVER, SSLContext
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from lethe.adapters.sources import ConfiguredReaders
from lethe.adapters.webhooks import HttpSender
from lethe.errors import SourceUnavailable, WebhookUnreachable
from lethe.model.ids import new_id
from lethe.model.sources import SourceAddress, SourceFilters, SourceKind
from lethe.settings import SourceSettings, WebhookSettings
from tests.servers.web import web_site

NAMES = ("right.example.org", "wrong.example.org")


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SSLContext:
    """Whose certificate is trusted, and is for the first of the names; both lead to this machine."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAMES[0])]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (tmp_path / "certificate.pem").write_bytes(certificate.public_bytes(pem))
    (tmp_path / "key.pem").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
    resolve = socket.getaddrinfo

    def told(host: str, *args: Any, **kwargs: Any) -> Any:
        return resolve("127.0.0.1" if host in NAMES else host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", told)
    context = SSLContext(PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "certificate.pem", tmp_path / "key.pem")
    return context


async def listed(url: str) -> list[str]:
    source = SourceAddress(new_id(), SourceKind.WEB, url)
    reader = await ConfiguredReaders(SourceSettings(private_hosts=NAMES)).open(source, SourceFilters())
    try:
        return [item.uri async for item in reader.items()]
    finally:
        await reader.close()


async def test_the_certificate_is_the_names(server: SSLContext) -> None:
    async with web_site(server) as site:
        site.put("/page", b"x")
        right, wrong = (f"https://{name}:{site.port}/page" for name in NAMES)
        assert await listed(right) == [right]
        assert {asked.headers["host"] for asked in site.asked} == {f"{NAMES[0]}:{site.port}"}
        with pytest.raises(SourceUnavailable):
            await listed(wrong)


async def test_a_webhooks_too(server: SSLContext) -> None:
    sender = HttpSender(WebhookSettings(allow_private=True))
    async with web_site(server) as site:
        right, wrong = (f"https://{name}:{site.port}/hook" for name in NAMES)
        assert (await sender.send(right, {}, b"")).status == 404
        with pytest.raises(WebhookUnreachable):
            await sender.send(wrong, {}, b"")
    await sender.close()
