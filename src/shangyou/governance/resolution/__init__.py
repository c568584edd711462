"""Joint resolutions, standards and tasks: proposed, discussed, amended, voted on, signed, published, tracked.

`fold.matter(entries)` says how a resolution stands. Which votes count is decided by the entries alone:

    1. A ballot is for one version of the text. Ballots for the version that stands at the end count, no others.
    2. Its author dates it on or before the deadline. An entry is never dated before what it follows, so nobody who has
       read anything said after the deadline can still vote.
    3. Another member shows that it had received the ballot: it said something that follows it and is dated within the
       reception period after the deadline. So a vote that a member wrote in time while it was away counts if it gets
       out within that period; and one that is dated back afterwards does not, unless a second member dates back too.
    4. A member's later ballot replaces its earlier one. Two that do not know each other (a restored copy of a node)
       count as the more cautious of both, and are told.
    5. What more than half of the voters sign is the result. Each member's first signature binds it, so a result once
       reached stays, whatever arrives later. If no result can reach that, the matter is split and is proposed anew.
"""
