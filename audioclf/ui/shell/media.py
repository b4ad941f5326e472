"""Bytes as an address the browser can fetch, so that messages to the page stay small."""

from __future__ import annotations

import base64
import hashlib

from streamlit import config, runtime


def address(data: bytes, mime: str, place: str = "") -> str:
    """Address of some bytes; it lives as long as a page of this session shows it.

    Outside a running server (a script, a test) the address holds the bytes themselves.

    Parameters
    ----------
    data : bytes
    mime : str
    place : str, optional
        What they are shown as: others shown as the same before are let go, even where only a fragment runs again.
    """
    if not runtime.exists():
        return f"data:{mime};base64,{base64.b64encode(data).decode()}"
    coordinates = f"audioclf-{place or hashlib.blake2b(data, digest_size=12).hexdigest()}"
    url: str = runtime.get_instance().media_file_mgr.add(data, mime, coordinates)
    base = str(config.get_option("server.baseUrlPath")).strip("/")
    return f"/{base}{url}" if base else url
