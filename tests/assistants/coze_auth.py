"""Coze's OAuth JWT app flow and personal access tokens: every check of the paper, and the session name bound to the token."""

import base64
import binascii
import json
import secrets
import time

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from coze_state import Refusal

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
LONGEST = 86_399


class TokenRefusal(Exception):
    """An error of the token endpoint, which has a shape of its own."""

    def __init__(self, status, code, message):
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


def decoded(part):
    """Base64url without padding, strictly."""
    if not part or set(part) & set("=+/ "):
        raise ValueError("not base64url without padding")
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def bearer(request):
    kind, _, token = (request.header("authorization") or "").partition(" ")
    return token.strip() if kind == "Bearer" else None


def is_number(value):
    return isinstance(value, int) and not isinstance(value, bool)


class Issuer:
    """Issues tokens for JWTs and knows whose a token is."""

    def __init__(self, public_key_file, key_id, app_id, audiences, personal_tokens):
        self.key_id, self.app_id, self.audiences = key_id, app_id, audiences
        self.personal = set(personal_tokens)
        self.key = None
        if public_key_file:
            with open(public_key_file, "rb") as file:
                self.key = load_pem_public_key(file.read())
        self.clear()

    def clear(self):
        self.tokens, self.seen, self.refusals = {}, set(), []

    def revoke(self, session_name=None):
        """All tokens, or those of one session, are invalid from now on."""
        for token in self.tokens.values():
            token["is_revoked"] |= session_name in (None, token["session_name"])

    def issue(self, request, options):
        """The answer to a token request."""
        try:
            claims = self.verified(bearer(request), request)
            duration = self.duration(request)
        except TokenRefusal as refusal:
            self.refusals.append({"code": refusal.code, "message": refusal.message})
            raise
        now = int(time.time())
        duration = min(duration, options["longest_token_s"] or LONGEST)
        token = {
            "access_token": "czs_" + secrets.token_urlsafe(32), "session_name": claims.get("session_name"), "jti": claims["jti"],
            "claims": claims, "issued_at": now, "expires_at": now + duration, "is_revoked": False, "uses": 0,
        }
        self.tokens[token["access_token"]] = token
        expires = duration if options["expires_in"] == "relative" else token["expires_at"]
        return {"access_token": token["access_token"], "expires_in": expires, "token_type": "Bearer"}

    def verified(self, jwt, request):
        """The claims of a JWT that nobody has used before."""
        if self.key is None:
            raise TokenRefusal(401, "invalid_client", "no public key is registered")
        try:
            signed, _, signature = jwt.rpartition(".")
            header, claims = (json.loads(decoded(part)) for part in signed.split("."))
            signature = decoded(signature)
        except (AttributeError, ValueError, binascii.Error):
            raise TokenRefusal(400, "invalid_request", "invalid request: Authorization is no JWT") from None
        if header.get("alg") != "RS256" or header.get("typ") != "JWT" or header.get("kid") != self.key_id:
            raise TokenRefusal(401, "invalid_client", "invalid JWT header: alg, typ or kid")
        try:
            self.key.verify(signature, signed.encode(), PKCS1v15(), SHA256())
        except InvalidSignature:
            raise TokenRefusal(401, "invalid_client", "the JWT's signature does not fit the public key") from None
        self.check_claims(claims, request)
        return claims

    def check_claims(self, claims, request):
        now = time.time()
        if claims.get("iss") != self.app_id:
            raise TokenRefusal(401, "invalid_client", "iss is not the id of the OAuth app")
        if claims.get("aud") not in (self.audiences or self.own_names(request)):
            raise TokenRefusal(400, "invalid_request", "invalid request: aud")
        if not is_number(claims.get("iat")) or not is_number(claims.get("exp")):
            raise TokenRefusal(400, "invalid_request", "invalid request: iat or exp is no number of seconds")
        if claims["iat"] > now:
            raise TokenRefusal(401, "invalid_client", "the JWT was issued in the future")
        if claims["exp"] <= now:
            raise TokenRefusal(401, "invalid_client", "the JWT has expired")
        if not isinstance(claims.get("session_name", ""), str):
            raise TokenRefusal(400, "invalid_request", "invalid request: session_name")
        self.check_once(claims.get("jti"))

    def check_once(self, jti):
        if not isinstance(jti, str) or not jti:
            raise TokenRefusal(400, "invalid_request", "invalid request: jti")
        if jti in self.seen:
            raise TokenRefusal(400, "invalid_request", "invalid request: the JWT was used before")
        self.seen.add(jti)

    @staticmethod
    def own_names(request):
        host = request.header("host") or ""
        return {host, host.rpartition(":")[0] or host}

    @staticmethod
    def duration(request):
        try:
            body = request.json()
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise TokenRefusal(400, "invalid_request", "invalid request: body")
        if body.get("grant_type") != GRANT:
            raise TokenRefusal(400, "unsupported_grant_type", "unsupported grant type")
        duration = body.get("duration_seconds", 900)
        if not is_number(duration) or not 0 < duration <= LONGEST:
            raise TokenRefusal(400, "invalid_request", "invalid request: duration_seconds")
        return duration

    def identity(self, request, invalid):
        """Whose the request's token is: `session:NAME`, `account` for a JWT without a session name, or `personal`."""
        token = bearer(request)
        if token in self.personal:
            return "personal"
        known = self.tokens.get(token)
        if known is None or known["is_revoked"] or time.time() >= known["expires_at"]:
            raise Refusal(invalid["code"], status=invalid["status"])
        known["uses"] += 1
        return "account" if known["session_name"] is None else f"session:{known['session_name']}"
