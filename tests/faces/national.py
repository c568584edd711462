"""A small file of the national portal, for the faces: two sections, three moments, published classes, one idle row."""

from __future__ import annotations

from pathlib import Path

HEAD = (
    "省份,流域,断面名称,监测时间,水质类别,水温(℃),pH(无量纲),溶解氧(mg/L),电导率(μS/cm),浊度(NTU),"
    "高锰酸盐指数(mg/L),氨氮(mg/L),总磷(mg/L),总氮(mg/L),叶绿素α(mg/L),藻密度(cells/L),站点情况"
)
ROWS = (
    "四川省,长江流域,清风峡,04-01 08:00,Ⅱ,13.7,8.2,11.9,389.6,31.2,1.6,0.091,0.05,1.1,*,*,正常",
    "四川省,长江流域,清风峡,04-01 12:00,Ⅲ,13.9,8.2,11.9,383.3,32.3,1.7,0.620,0.05,1.2,*,*,正常",
    "四川省,长江流域,清风峡,*,*,*,*,*,*,*,*,*,*,*,*,*,维护",
    "重庆市,长江流域,万木,04-01 08:00,Ⅱ,14.1,7.9,9.5,301.0,12.1,1.2,0.080,0.09,1.0,*,*,正常",
)
TEXT = "\n".join((HEAD, *ROWS)) + "\n"
VALUES = 3 * 10  # values with a number, the published classes among them


def put(folder: Path, name: str = "a.csv", text: str = TEXT) -> Path:
    """Write the file below a folder that names its month."""
    path = folder / "2021-04" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path
