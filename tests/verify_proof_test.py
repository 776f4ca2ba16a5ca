#!/usr/bin/env python3
"""Tests verify_proof.py itself: RFC 8032's vectors, and that a file of which any byte is changed is refused.

    python3 verify_proof_test.py PROOF_FILE PUBLIC_KEY_FILE

Prints how many changes were refused, and exits with 1 at the first that was not.
"""

import hashlib
import sys

import verify_proof

# RFC 8032, 7.1: public key, message, signature.
VECTORS = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        b"",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24"
        "655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        b"\x72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aee"
        "b00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        b"\xaf\x82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28d"
        "c027beceea1ec40a",
    ),
    (
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        hashlib.sha512(b"abc").digest(),
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17a"
        "d9bef1177331a704",
    ),
]


def check_vectors():
    for key, message, signature in VECTORS:
        key, signature = bytes.fromhex(key), bytes.fromhex(signature)
        assert verify_proof.is_signed(key, message, signature), message
        assert not verify_proof.is_signed(key, message + b"x", signature), message
        for at in range(64):
            changed = bytearray(signature)
            changed[at] ^= 1 << at % 8
            assert not verify_proof.is_signed(key, message, bytes(changed)), (message, at)
        large = int.from_bytes(signature[32:], "little") + verify_proof.ORDER
        assert not verify_proof.is_signed(key, message, signature[:32] + large.to_bytes(32, "little")), "a larger S"
    # the neutral point as key and as R, which would sign everything
    neutral = (1).to_bytes(32, "little")
    assert not verify_proof.is_signed(neutral, b"anything", neutral + bytes(32))


def changes(content, at):
    """The content with this byte changed in several ways, removed, doubled, or cut off before it."""
    old = content[at]
    before, after = content[:at], content[at + 1 :]
    for new in {old ^ 1, old ^ 0x20, old ^ 0x80, (old + 1) % 256, (old - 1) % 256, 0x20, 0x30, 0x22, 0} - {old}:
        yield before + bytes([new]) + after
    yield before + after
    yield content[: at + 1] + content[at:]
    yield before


def refused(content, key):
    try:
        verify_proof.check(content, key)
    except verify_proof.Refused:
        return True
    return False


def main(arguments):
    check_vectors()
    with open(arguments[1], "rb") as file:
        content = file.read()
    with open(arguments[2], encoding="utf-8") as file:
        key = verify_proof.public_key(file.read())
    verify_proof.check(content, key)
    count = 0
    for at in range(len(content)):
        for changed in changes(content, at):
            if not refused(changed, key):
                print(f"accepted after a change of byte {at}: {content[at - 20:at + 20]!r}")
                return 1
            count += 1
    print(f"{count} changes of {len(content)} bytes were refused")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
