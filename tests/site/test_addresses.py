"""The addresses of servers: both libraries that reach Valkey make the same of one, and nobody skips its certificate."""

import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import redis
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone
from kombu import Connection
from kombu.transport.redis import Channel

from smartsync_site import addresses


class TestBrokerUrl:
    @pytest.mark.parametrize(
        ("redis_url", "expected"),
        [
            ("redis://localhost:6379/0", "redis://localhost:6379/1"),
            ("redis://:p%40s%2Fw@host/9?protocol=3&health_check_interval=5", "redis://:p%40s%2Fw@host/10"),
            ("redis://host:6379?db=4", "redis://host:6379/5"),
            ("unix://:word@/run/valkey.sock?db=4", "redis+socket://:word@/run/valkey.sock?virtual_host=5"),
            ("rediss://host:6379/0", "rediss://host:6379/1?ssl_cert_reqs=required"),
            ("rediss://host/0?ssl_cert_reqs=CERT_NONE", "rediss://host/1?ssl_cert_reqs=none"),
            (
                "rediss://host/0?ssl_cert_reqs=required&ssl_ca_certs=/etc/ca.pem&max_connections=9",
                "rediss://host/1?ssl_cert_reqs=required&ssl_ca_certs=/etc/ca.pem",
            ),
        ],
    )
    def test_takes_the_next_database_and_the_options_of_tls_and_no_other(self, redis_url: str, expected: str) -> None:
        assert addresses.broker_url(redis_url) == expected
        assert Connection(expected).virtual_host  # the broker's library reads it

    @pytest.mark.parametrize(
        "redis_url", ["redis://host:6379", "redis://host/", "redis://host/x", "unix:///run/v.sock"]
    )
    def test_needs_the_number_of_a_database(self, redis_url: str) -> None:
        with pytest.raises(ImproperlyConfigured, match="must name the number of a database, as in redis://host:6379/0"):
            addresses.broker_url(redis_url)


class TestAddresses:
    @pytest.mark.parametrize("password", ["p/s", "p#s", "p?s", "1/s", "1#s"])
    def test_say_that_a_password_has_to_be_coded_and_do_not_repeat_it(self, password: str) -> None:
        readers = [
            lambda address: addresses.verified("REDIS_URL", f"rediss://:{address}"),
            lambda address: addresses.broker_url(f"redis://:{address}"),
        ]
        # What Django's own reader understands without coding is left to it.
        readers += [lambda address: addresses.database(f"postgresql://us:{address}")] if "#" not in password else []
        for read in readers:
            with pytest.raises(ImproperlyConfigured, match="@ as %40, / as %2F, # as %23") as refusal:
                read(f"{password}@host/0")

            assert password not in str(refusal.value)

    def test_say_which_words_for_a_certificate_there_are(self) -> None:
        with pytest.raises(
            ImproperlyConfigured, match="ssl_cert_reqs=maybe, which is none of required, optional, none"
        ):
            addresses.verified("CELERY_BROKER_URL", "rediss://host/0?ssl_cert_reqs=maybe")


class Authority:
    """Somebody who signs certificates, and a server that shows one of them to whoever comes by TLS."""

    def __init__(self, folder: Path) -> None:
        key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "us")])
        now = timezone.now()
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        self.certificate, self.key = folder / "ca.pem", folder / "key.pem"
        self.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        self.key.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, args=(context,), daemon=True)
        self._thread.start()

    def _serve(self, context: ssl.SSLContext) -> None:
        while True:
            try:
                taken, _ = self._socket.accept()
            except OSError:
                return
            try:
                with context.wrap_socket(taken, server_side=True) as secured:
                    while asked := secured.recv(4096):
                        secured.sendall(b"+OK\r\n" * max(asked.count(b"*"), 1))
            except OSError:
                continue

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)


@pytest.fixture
def authority(tmp_path: Path) -> Iterator[Authority]:
    found = Authority(tmp_path)
    yield found
    found.close()


class TestVerified:
    def test_neither_library_sends_a_word_to_a_server_whose_certificate_nobody_vouches_for(
        self, authority: Authority
    ) -> None:
        address = addresses.verified("REDIS_URL", f"rediss://localhost:{authority.port}/0")

        with pytest.raises(redis.ConnectionError, match="CERTIFICATE_VERIFY_FAILED"):
            redis.Connection.connect(self.of_cache(address))
        with pytest.raises(redis.ConnectionError, match="CERTIFICATE_VERIFY_FAILED"):
            redis.Connection.connect(self.of_broker(addresses.broker_url(address)))

    @pytest.mark.parametrize("options", ["ssl_ca_certs={ca}", "ssl_cert_reqs=none"])
    def test_both_take_a_certificate_whose_authority_is_named_or_any_where_that_is_meant(
        self, authority: Authority, options: str
    ) -> None:
        named = options.format(ca=authority.certificate)
        address = addresses.verified("REDIS_URL", f"rediss://localhost:{authority.port}/0?{named}")

        for connection in (self.of_cache(address), self.of_broker(addresses.broker_url(address))):
            connection._connect().close()

    @staticmethod
    def of_cache(address: str) -> redis.SSLConnection:
        return redis.ConnectionPool.from_url(address).make_connection()

    @staticmethod
    def of_broker(address: str) -> redis.SSLConnection:
        """Return the connection that the broker's library would make, without making it."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Channel, "__init__", lambda channel, connection: setattr(channel, "connection", connection))
            transport = Connection(address).transport
            transport.client = Connection(address)
            parameters = Channel(transport)._connparams()
        return redis.ConnectionPool(**parameters).make_connection()
