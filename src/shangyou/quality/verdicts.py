"""Verdicts of all tests on many rows, gathered bit by bit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from shangyou.core.records import Bits, Bytes, Check, Flag, Ints
from shangyou.quality.lines import Mask

OF_THE_ROW: Final = Check.TIME | Check.GAP  # tests of when a value came: passing them says nothing of the value

# as plain numbers: numpy asks an enum member many questions before it compares an array with it
UNKNOWN, SUSPECT, FAIL, MISSING = (int(f) for f in (Flag.NOT_EVALUATED, Flag.SUSPECT, Flag.FAIL, Flag.MISSING))


@dataclass(frozen=True, slots=True, eq=False)
class Verdicts:
    """What the tests say of n rows; filled in place, test by test."""

    suspect: Bits  # (n,) Check bits
    fail: Bits  # (n,) Check bits
    tested: Bits  # (n,) Check bits of the tests that could be applied
    missing: Mask  # (n,) there is no value
    point: Mask  # (n,) others are compared with this value

    @classmethod
    def empty(cls, n: int) -> Verdicts:
        """Nothing tested yet."""
        suspect, fail, tested = np.zeros((3, n), np.uint32)
        missing, point = np.zeros((2, n), np.bool_)
        return cls(suspect, fail, tested, missing, point)

    def add(self, bit: Check, flag: Bytes, row: slice | Ints) -> None:
        """Enter the verdicts of one test on some rows; among numbered rows one may come several times."""
        able = (flag != UNKNOWN) & (flag != MISSING)
        for bits, found in ((self.tested, able), (self.suspect, flag == SUSPECT), (self.fail, flag == FAIL)):
            if isinstance(row, slice):
                bits[row] |= found * np.uint32(bit)
            else:
                bits[row[found]] |= np.uint32(bit)

    def flag(self) -> Bytes:
        """(n,) Flag, the worst of all tests."""
        good = (self.tested & ~np.uint32(OF_THE_ROW)) != 0
        flag = np.where(good, np.uint8(Flag.GOOD), np.uint8(Flag.NOT_EVALUATED))
        flag[self.suspect != 0] = Flag.SUSPECT
        flag[self.fail != 0] = Flag.FAIL
        flag[self.missing] = Flag.MISSING
        return flag

    def reorder(self, order: Ints) -> Verdicts:
        """Verdicts of rows order[0], order[1], ... put back where they came from."""
        back = Verdicts.empty(len(order))
        for name in ("suspect", "fail", "tested", "missing", "point"):
            getattr(back, name)[order] = getattr(self, name)
        return back
