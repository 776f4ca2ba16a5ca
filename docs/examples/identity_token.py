"""Signs an identity token for a customer of the shop, with nothing but Python's own library (HS256).

    IDENTITY_SECRET=<the key's "k" in identity_keys_file> python3 identity_token.py 4711

Call it on the shop's server, when a signed-in customer opens a page with the chat; never in the browser.
"""

import base64
import hashlib
import hmac
import json
import os
import sys
import time
import uuid


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def identity_token(secret: bytes, kid: str, customer: dict, audience: str = "fiido-desk") -> str:
    now = int(time.time())
    header = {"alg": "HS256", "typ": "JWT", "kid": kid}
    claims = {
        "aud": audience,
        "iat": now,
        "exp": now + 300,  # at most 600
        "jti": str(uuid.uuid4()),  # a new one for every token: each is good once
        **customer,
    }
    parts = [base64url(json.dumps(part, separators=(",", ":")).encode()) for part in (header, claims)]
    signature = hmac.new(secret, ".".join(parts).encode(), hashlib.sha256).digest()
    return ".".join([*parts, base64url(signature)])


if __name__ == "__main__":
    k = os.environ["IDENTITY_SECRET"]
    secret = base64.urlsafe_b64decode(k + "=" * (-len(k) % 4))
    # What the shop's own session says of the customer, never what the browser sends.
    customer = {"sub": sys.argv[1], "email": "ming@example.com", "name": "王小明", "vip": True}
    print(identity_token(secret, os.environ.get("IDENTITY_KID", "shop-1"), customer))
