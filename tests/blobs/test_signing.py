"""The signature of a request, by the example that its specification gives."""

from __future__ import annotations

from datetime import UTC, datetime

from executions.blobs.signing import Keys, signed

# Of "Signature Calculations for the Authorization Header", GET Object.
KEYS = Keys("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
SIGNATURE = "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"


def test_a_request_is_signed_as_its_specification_says() -> None:
    headers = signed(
        *("GET", "examplebucket.s3.amazonaws.com", "/test.txt", {}, {"Range": "bytes=0-9"}),
        keys=KEYS,
        region="us-east-1",
        now=datetime(2013, 5, 24, tzinfo=UTC),
    )
    assert headers["authorization"].endswith(f"Signature={SIGNATURE}")


def test_keys_are_shown_nowhere() -> None:
    assert "wJalr" not in repr(Keys("id", KEYS.secret, KEYS.secret))
