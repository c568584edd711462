"""The Dataspace Protocol 2025-1: messages, their schemas, the two conversations as tables. Bytes in, values out."""
