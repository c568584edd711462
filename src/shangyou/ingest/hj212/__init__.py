"""HJ 212, the protocol in which monitors report: bytes in, values out; no sockets, no clock."""
