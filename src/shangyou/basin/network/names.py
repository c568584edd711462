"""Columns as other people's files name them: what they are here, and how many of our unit one of theirs is.

Only what cannot be mistaken is taken: a length without a unit is none. Whoever reads a file is told what was read as
what; a column that has our own name always counts before another.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

REACH: Final = "reach"
_SAME: Final[dict[str, tuple[str, ...]]] = {
    "id": ("code", "reach_id", "comid", "objectid", "fid", "gid", "hyriv_id", "编号", "代码", "编码"),
    "kind": ("type", "类型", "类别"),
    "name_zh": ("name_cn", "name", "名称", "站名", "断面名称", "河段名称", "点位名称"),
    "name_en": ("name_eng", "english_name", "英文名"),
    "river": ("river_name", "riv_name", "rivername", "河流", "河名", "河流名称", "所在河流"),
    "start": ("from", "from_node", "fromnode", "fnode", "up_node", "起点", "上游节点", "起始节点"),
    "end": ("to", "to_node", "tonode", "tnode", "down_node", "终点", "下游节点", "终止节点"),
    "length_km": ("lengthkm", "len_km", "长度_km", "河长_km", "length_千米", "长度_千米", "长度_公里"),
    "width_m": ("width", "river_width", "河宽", "宽度", "宽度_m", "河宽_m", "水面宽_m", "宽度_米", "河宽_米"),
    "flow_m3s": (
        *(
            "flow",
            "flow_m3_s",
            "flow_cms",
            "discharge",
            "discharge_m3_s",
            "q",
            "q_m3_s",
            "qmean",
            "q_mean",
            "dis_av_cms",
        ),
        *("流量", "流量_m3_s", "平均流量", "多年平均流量", "平均流量_m3_s", "多年平均流量_m3_s"),
    ),
    "slope": ("slope_m_m", "坡降", "比降", "坡度", "河床比降"),
    "roughness": ("n", "manning", "manning_n", "mannings_n", "糙率"),
    "area_m2": ("area_m_2", "断面面积_m2", "过水面积_m2"),
    "dispersion_m2s": ("dispersion_m2_s", "disp_m2s", "离散系数", "离散系数_m2_s", "纵向离散系数"),
    "longitude": ("lon", "lng", "long", "经度"),
    "latitude": ("lat", "纬度"),
    "at_km": ("distance_km", "距起点_km"),
    "owner": ("charge", "管理单位", "责任方"),
}
_OTHER_UNIT: Final[dict[str, tuple[str, float]]] = {
    "length_m": ("length_km", 1e-3),
    "len_m": ("length_km", 1e-3),
    "长度_m": ("length_km", 1e-3),
    "河长_m": ("length_km", 1e-3),
    "长度_米": ("length_km", 1e-3),
    "at_m": ("at_km", 1e-3),
    "above_m": ("above_km", 1e-3),
    "width_km": ("width_m", 1e3),
    "flow_l_s": ("flow_m3s", 1e-3),
    "q_l_s": ("flow_m3s", 1e-3),
    "flow_cfs": ("flow_m3s", 0.028316846592),
    "slope_‰": ("slope", 1e-3),
    "比降_‰": ("slope", 1e-3),
    "坡降_‰": ("slope", 1e-3),
    "slope_%": ("slope", 1e-2),
}
KNOWN: Final[dict[str, tuple[str, float]]] = {
    **{other: (column, 1.0) for column, others in _SAME.items() for other in others},
    **_OTHER_UNIT,
}
KINDS: Final = {  # what stands somewhere, in words
    "河段": REACH,
    "river": REACH,
    "断面": "section",
    "监测断面": "section",
    "station": "section",
    "取水口": "intake",
    "水厂": "intake",
    "水源地": "intake",
    "waterworks": "intake",
    "排口": "outlet",
    "排污口": "outlet",
    "outfall": "outlet",
    "水库": "dam",
    "大坝": "dam",
    "reservoir": "dam",
    "水闸": "gate",
    "省界": "border",
    "风险源": "risk",
    "控制点": "control",
    "水文站": "gauge",
}


@cache
def column_of(name: str) -> tuple[str, float] | None:
    """What another's column is here, and how many of our unit one of theirs is; None if that is not known.

    >>> column_of("Length (m)"), column_of("河宽(m)"), column_of("length")
    (('length_km', 0.001), ('width_m', 1.0), None)
    """
    plain = re.sub(r"[\s\[\]()（）/·^_]+", "_", name.strip().lower().replace("³", "3").replace("²", "2")).strip("_")
    return KNOWN.get(plain)


def read_as(names: tuple[str, ...], ours: frozenset[str]) -> dict[str, tuple[str, float]]:
    """By name of another's column, ours that it is; ours stay, and of two others the first counts."""
    taken, found = {name for name in names if name in ours}, dict[str, tuple[str, float]]()
    for name in names:
        known = None if name in taken else column_of(name)
        if known is not None and known[0] not in taken:
            found[name] = known
            taken.add(known[0])
    return found
