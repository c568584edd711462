"""Who takes part in a demo of seven: the ministry and the six provinces of the upper Yangtze."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from shangyou.exchange.member import Level


@dataclass(frozen=True, slots=True)
class Seat:
    """One member: its id, its names, and the province whose stations and files are its own."""

    id: str
    name_zh: str
    name_en: str
    adm_code: str
    province: str  # as sections and national files name it; "" = it has no monitors of its own

    @property
    def level(self) -> Level:
        """National where there is no province."""
        return Level.PROVINCIAL if self.province else Level.NATIONAL


MINISTRY: Final = "mee"
PROVIDER: Final = "sichuan"  # whose data are asked for in front of the user
CONSUMER: Final = "chongqing"  # who asks
OUTSIDER: Final = "qinghai"  # who asks for what is not meant for it
OWNER: Final = "guizhou"  # whom it asks
SEATS: Final = (
    Seat(MINISTRY, "生态环境部", "Ministry", "100000", ""),
    Seat("chongqing", "重庆", "Chongqing", "500000", "重庆市"),
    Seat("sichuan", "四川", "Sichuan", "510000", "四川省"),
    Seat("guizhou", "贵州", "Guizhou", "520000", "贵州省"),
    Seat("yunnan", "云南", "Yunnan", "530000", "云南省"),
    Seat("tibet", "西藏", "Tibet", "540000", "西藏自治区"),
    Seat("qinghai", "青海", "Qinghai", "630000", "青海省"),
)
ALONE: Final = Seat("node", "上游", "Shangyou", "500000", "")  # the one node of a demo without a federation
