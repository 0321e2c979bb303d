"""Addresses as reports show them: enough to recognise, not enough to use."""


def masked(address: str) -> str:
    """``+380…4501``, ``o…@example.org``, ``…4567``; "" stays ""."""
    name, at, domain = address.rpartition("@")
    if at:
        return f"{name[:1]}…@{domain}"
    if address.startswith("+") and len(address) > 8:
        return f"{address[:4]}…{address[-2:]}"
    return f"…{address[-2:]}" if len(address) > 4 else address
