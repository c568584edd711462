"""Small networks for tests, and networks drawn at random."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from shangyou.basin.network.values import Draft, Kind, Place, Reach


def reach(id: str, start: str, end: str, length: float = 1000.0, river: str = "r", **more: Any) -> Reach:
    """A reach with figures that make sense."""
    figures = {"slope": 1e-3, "width": 50.0, "roughness": 0.035, "flow": 100.0}
    return Reach(id, river, start, end, length, **{**figures, **more})


def place(id: str, on: str, at: float, kind: Kind = Kind.SECTION, **more: Any) -> Place:
    """A place on a reach."""
    return Place(id, kind, id, reach=on, at=at, **more)


def fork() -> Draft:
    """Two brooks a and b that meet and flow on as c, with a place on each and two on c."""
    return Draft(
        (reach("a", "A", "M", 3000.0), reach("b", "B", "M", 2000.0, "s"), reach("c", "M", "E", 5000.0)),
        (
            *(place("on a", "a", 1000.0), place("on b", "b", 500.0)),
            *(place("upper c", "c", 1000.0), place("lower c", "c", 4000.0)),
        ),
    )


@st.composite
def drafts(draw: st.DrawFn, most: int = 12) -> Draft:
    """A river system of up to `most` reaches, shuffled, with places anywhere on it, some at the very same point."""
    count = draw(st.integers(1, most))
    into = [draw(st.integers(-1, i - 1)) if i else -1 for i in range(count)]
    ends = [i for i, j in enumerate(into) if j < 0]
    reaches = [
        reach(
            f"r{i}",
            f"n{i}",
            f"n{into[i]}" if into[i] >= 0 else f"end{i}",
            float(draw(st.integers(1, 50)) * 100),
            draw(st.sampled_from(("x", "y", "z"))),
        )
        for i in range(count)
    ]
    places = [
        place(f"p{k}", f"r{i}", reaches[i].length * share / 4)
        for k, (i, share) in enumerate(
            draw(st.lists(st.tuples(st.integers(0, count - 1), st.integers(0, 4)), max_size=10))
        )
    ]
    places += [place(f"end of r{i}", f"r{i}", reaches[i].length, Kind.END) for i in ends]
    return Draft(tuple(draw(st.permutations(reaches))), tuple(draw(st.permutations(places))))
