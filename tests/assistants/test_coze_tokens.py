"""Tokens of the stand-in for Coze: every check, and that a token carries its session."""

import time
import unittest

from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from coze_case import CozeTest


class Tokens(CozeTest):
    def refused(self, code, jwt=None, **more):
        answer = self.ask_token(self.jwt() if jwt is None else jwt, **more)
        self.assertGreaterEqual(answer.status, 400)
        self.assertEqual(answer.json()["error_code"], code, answer.body)
        self.assertIn("x-tt-logid", answer.headers)

    def test_expires_in_is_an_absolute_time(self):
        answer = self.ask_token(self.jwt(), duration_seconds=900)
        self.assertTrue(answer.json()["access_token"].startswith("czs_"))
        self.assertAlmostEqual(answer.json()["expires_in"], time.time() + 900, delta=5)
        self.assertNotIn("code", answer.json())
        self.server.control(options={"expires_in": "relative"})
        self.assertEqual(self.ask_token(self.jwt(), duration_seconds=900).json()["expires_in"], 900)

    def test_each_wrong_claim_is_refused(self):
        now = int(time.time())
        self.refused("invalid_client", self.jwt(iss="32"))
        self.refused("invalid_request", self.jwt(aud="https://127.0.0.1"))
        self.refused("invalid_client", self.jwt(iat=now + 60))
        self.refused("invalid_client", self.jwt(exp=now - 1))
        self.refused("invalid_request", self.jwt(exp=float(now + 5)))
        self.refused("invalid_request", self.jwt(jti=""))
        self.refused("invalid_client", self.jwt(header={"kid": "kid-2"}))
        self.refused("invalid_client", self.jwt(header={"alg": "HS256"}))
        self.refused("invalid_client", self.jwt(key=generate_private_key(65537, 2048)))
        self.refused("invalid_request", "x.y")

    def test_a_jwt_is_used_once(self):
        jwt = self.jwt()
        self.assertEqual(self.ask_token(jwt).status, 200)
        self.refused("invalid_request", jwt)

    def test_a_jwt_is_used_up_by_a_failed_request(self):
        self.server.control(next=[{"behaviour": "internal_error_of_tokens", "on": "token"}])
        jwt = self.jwt()
        self.refused("internal_error", jwt)
        self.refused("invalid_request", jwt)
        self.assertEqual(self.server.state()["tokens"], [])

    def test_grant_and_duration_are_checked(self):
        self.refused("unsupported_grant_type", grant_type="client_credentials")
        for duration in (0, 86_400, "900", True):
            self.refused("invalid_request", duration_seconds=duration)

    def test_a_token_ends_and_can_be_revoked(self):
        self.server.control(options={"longest_token_s": 1})
        token = self.token()
        self.assertEqual(self.post("/v1/conversation/create", {}, token).json()["code"], 0)
        time.sleep(1.1)
        answer = self.post("/v1/conversation/create", {}, token)
        self.assertEqual((answer.status, answer.json()["code"]), (401, 4100))
        self.server.control(options={"longest_token_s": None, "invalid_token": {"status": 200, "code": 700012006}})
        token, other = self.token("s1"), self.token("s2")
        self.server.control(revoke_tokens="s1")
        self.assertEqual(self.post("/v1/conversation/create", {}, token).json()["code"], 700012006)
        self.assertEqual(self.post("/v1/conversation/create", {}, other).json()["code"], 0)

    def test_a_token_carries_its_session_name(self):
        self.token("customer-7")
        [token] = self.server.state()["tokens"]
        self.assertEqual(token["session_name"], "customer-7")
        self.assertEqual(token["claims"]["iss"], "31")

    def test_without_a_token_nothing_is_done(self):
        for token in ("", "pat_2"):
            self.assertEqual(self.post("/v3/chat", {}, token).json()["code"], 4100)


if __name__ == "__main__":
    unittest.main()
