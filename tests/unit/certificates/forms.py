"""How an identifier could stand in a certificate."""

import base64
import codecs
import re


def forms(identifier: str) -> list[bytes]:
    """As text, base64 at each offset, hex, rot13, reversed, in UTF-16, without what is no letter or digit."""
    raw = identifier.encode()
    bare = re.sub(r"\W", "", identifier)
    found = [raw, raw.lower(), raw.upper(), raw.hex().encode(), raw[::-1], identifier.encode("utf-16-le")]
    found += [bare.encode(), bare.lower().encode(), codecs.encode(identifier, "rot13").encode()]
    for pad in range(3):
        encoded = base64.b64encode(b"\0" * pad + raw)
        found.append(encoded[4 if pad else 0 : -4])
    return found
