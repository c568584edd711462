"""Warnings (预警) along a river: messages, what they amount to, who must acknowledge by when. Pure, no I/O."""
