"""The code tables of HJ 212 in the editions of 2005, 2017 and 2025.

2017 is read from the text of the standard (tables 5 to 9). What is known of 2005 and 2025 comes from packets and
from notes of implementers; those rows are `unverified` until somebody has compared them with the printed text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from shangyou.core.records import Mark

EDITIONS: Final = {0: 2005, 1: 2017, 2: 2025}  # version bits of Flag; national stations sent 2 already in 2020


@dataclass(frozen=True, slots=True)
class Code:
    """One row of a table."""

    code: str
    zh: str
    en: str
    editions: tuple[int, ...] = (2005, 2017, 2025)
    status: str = "confirmed"  # or unverified
    kind: str = ""  # of a command: request, upload, notice, interaction; a request may be answered by an upload


def _table(*rows: Code) -> dict[str, Code]:
    return {row.code: row for row in rows}


_NEW: Final = ((2025,), "unverified")
_SINCE_2017: Final = ((2017, 2025), "confirmed")

SYSTEMS: Final = _table(  # ST. HJ 212-2017 table 5
    Code("21", "地表水质量监测", "surface water"),
    Code("22", "空气质量监测", "ambient air"),
    Code("23", "声环境质量监测", "sound"),
    Code("24", "地下水质量监测", "ground water"),
    Code("25", "土壤质量监测", "soil"),
    Code("26", "海水质量监测", "sea water"),
    Code("27", "挥发性有机物监测", "volatile organic compounds", *_SINCE_2017),
    Code("31", "大气环境污染源", "source of air pollution"),
    Code("32", "地表水体环境污染源", "source of surface water pollution"),
    Code("33", "地下水体环境污染源", "source of ground water pollution"),
    Code("34", "海洋环境污染源", "source of marine pollution"),
    Code("35", "土壤环境污染源", "source of soil pollution"),
    Code("36", "声环境污染源", "source of noise"),
    Code("37", "振动环境污染源", "source of vibration"),
    Code("38", "放射性环境污染源", "radioactive source"),
    Code("39", "工地扬尘污染源", "dust of building sites", *_SINCE_2017),
    Code("41", "电磁环境污染源", "electromagnetic source"),
    Code("44", "用电监控", "electricity use", *_NEW),
    Code("45", "关键工况", "key operating conditions", *_NEW),
    Code("51", "烟气排放过程监控", "flue gas process", *_SINCE_2017),
    Code("52", "污水排放过程监控", "waste water process", *_SINCE_2017),
    Code("91", "系统交互", "interaction"),
)

COMMANDS: Final = _table(  # CN. HJ 212-2017 table 9
    Code("1000", "设置超时时间及重发次数", "set time-out and retries", kind="request"),
    Code("1001", "上传硬件序号", "hardware serial number", *_NEW, kind="upload"),
    Code("1002", "设置设备唯一标识", "set MN", *_NEW, kind="request"),
    Code("1011", "提取现场机时间", "read device time", kind="request"),
    Code("1012", "设置现场机时间", "set device time", kind="request"),
    Code("1013", "现场机时间校准请求", "device asks for the time", *_SINCE_2017, kind="notice"),
    Code("1014", "密钥", "keys", *_NEW, kind="request"),
    Code("1061", "提取实时数据间隔", "read real-time interval", kind="request"),
    Code("1062", "设置实时数据间隔", "set real-time interval", kind="request"),
    Code("1063", "提取分钟数据间隔", "read minute interval", *_SINCE_2017, kind="request"),
    Code("1064", "设置分钟数据间隔", "set minute interval", *_SINCE_2017, kind="request"),
    Code("1072", "设置现场机密码", "set device password", kind="request"),
    Code("2011", "污染物实时数据", "real-time data", kind="upload"),
    Code("2012", "停止察看实时数据", "stop real-time data", kind="notice"),
    Code("2013", "原始监测数据", "raw monitoring data", *_NEW, kind="upload"),
    Code("2021", "设备运行状态", "device state", kind="upload"),
    Code("2022", "停止察看设备运行状态", "stop device state", kind="notice"),
    Code("2031", "污染物日历史数据", "daily data", kind="upload"),
    Code("2041", "设备运行时间日历史数据", "daily running time of devices", kind="upload"),
    Code("2051", "污染物分钟数据", "minute data", kind="upload"),
    Code("2052", "噪声单次事件数据", "single noise event", *_NEW, kind="upload"),
    Code("2061", "污染物小时数据", "hourly data", kind="upload"),
    Code("2062", "自动标样核查", "automatic check with a standard sample", *_NEW, kind="upload"),
    Code("2081", "数采仪开机时间", "start time of the collector", *_SINCE_2017, kind="upload"),
    Code("2111", "炉温五分钟数据", "five-minute furnace temperature", *_NEW, kind="upload"),
    Code("3011", "零点校准量程校准", "zero and span calibration", kind="request"),
    Code("3012", "即时采样", "sample at once", kind="request"),
    Code("3013", "启动清洗/反吹", "start cleaning or blow-back", *_SINCE_2017, kind="request"),
    Code("3014", "比对采样", "comparison sample", *_SINCE_2017, kind="request"),
    Code("3015", "超标留样", "keep a sample that exceeds", *_SINCE_2017, kind="upload"),
    Code("3016", "设置采样时间周期", "set sampling cycle", *_SINCE_2017, kind="request"),
    Code("3017", "提取采样时间周期", "read sampling cycle", *_SINCE_2017, kind="upload"),
    Code("3018", "提取出样时间", "read time per sample", *_SINCE_2017, kind="upload"),
    Code("3019", "设备唯一标识", "device identity", *_SINCE_2017, kind="upload"),
    Code("3020", "现场机信息", "device information", *_SINCE_2017, kind="upload"),
    Code("3021", "设置现场机参数", "set device parameters", *_SINCE_2017, kind="request"),
    Code("3022", "即时留样", "keep a sample at once", *_NEW, kind="request"),
    Code("3024", "启动标样核查", "start a check with a standard sample", *_NEW, kind="request"),
    Code("9011", "请求应答", "answer to a request", kind="interaction"),
    Code("9012", "执行结果", "result of execution", kind="interaction"),
    Code("9013", "通知应答", "answer to a notice", kind="interaction"),
    Code("9014", "数据应答", "answer to data", kind="interaction"),
    Code("9015", "心跳", "heartbeat", *_NEW, kind="notice"),
    Code("9021", "现场机登录", "device signs in", (2005,), "unverified", kind="notice"),
)

QN_RETURN: Final = _table(  # QnRtn. HJ 212-2017 table 7
    Code("1", "准备执行请求", "ready to execute"),
    Code("2", "请求被拒绝", "request refused"),
    Code("3", "PW 错误", "wrong PW"),
    Code("4", "MN 错误", "wrong MN"),
    Code("5", "ST 错误", "wrong ST"),
    Code("6", "Flag 错误", "wrong Flag"),
    Code("7", "QN 错误", "wrong QN"),
    Code("8", "CN 错误", "wrong CN"),
    Code("9", "CRC 校验错误", "wrong check sum"),
    Code("100", "未知错误", "unknown error"),
)

EXE_RETURN: Final = _table(  # ExeRtn. HJ 212-2017 table 6
    Code("1", "执行成功", "done"),
    Code("2", "执行失败，但不知道原因", "failed for an unknown reason"),
    Code("3", "命令请求条件错误", "the request does not fit"),
    Code("4", "通讯超时", "communication timed out"),
    Code("5", "系统繁忙不能执行", "busy"),
    Code("6", "系统故障", "system fault"),
    Code("100", "没有数据", "no data"),
)

CADENCES: Final = {"2011": "instant", "2051": "minute", "2061": "hour", "2031": "day"}  # CN whose values are taken
KEPT_RAW: Final = frozenset(  # uploads understood but holding no observation of water, air or sound
    {"1011", "1061", "1063", "2021", "2041", "2081", "3015", "3017", "3018", "3019", "3020"}
)

SUFFIXES: Final = {  # xxxxxx-Suffix: statistic. HJ 212-2017 table 4
    "Rtd": "value",
    "Min": "min",
    "Avg": "mean",
    "Max": "max",
    "Cou": "total",
    "ZsRtd": "value_zs",  # 折算: converted to the reference oxygen content
    "ZsMin": "min_zs",
    "ZsAvg": "mean_zs",
    "ZsMax": "max_zs",
    "Data": "value",
    "DayData": "value_day",
    "NightData": "value_night",
}
ASIDE: Final = frozenset({"Flag", "EFlag", "SampleTime", "RS", "RT", "Info", "SN"})  # belong to a value, or are none
PLAIN: Final = frozenset(  # names of the data area that stand without a factor
    {
        *("DataTime", "SystemTime", "QnRtn", "ExeRtn", "RtdInterval", "MinInterval", "RestartTime", "PolId"),
        *("BeginTime", "EndTime", "NewPW", "OverTime", "ReCount", "VaseNo", "CstartTime", "Ctime", "Stime", "InfoId"),
    }
)

MARKS: Final = {  # xxxxxx-Flag. HJ 212-2017 table 8
    "": Mark.NONE,
    "N": Mark.NORMAL,
    "F": Mark.STOPPED,
    "M": Mark.MAINTENANCE,
    "S": Mark.MANUAL,
    "D": Mark.FAULT,
    "C": Mark.CALIBRATION,
    "T": Mark.OVER_RANGE,
    "B": Mark.COMMUNICATION,
    # 2005, unverified
    "P": Mark.FAULT,  # power failure
    "0": Mark.CALIBRATION,
    "3": Mark.NORMAL,
    # seen at national surface-water stations, unverified; they also use F and B for lost instruments
    "L": Mark.BELOW_LIMIT,
    "ra": Mark.SPIKE_RECOVERY,
    "pt": Mark.PARALLEL,
    "lr": Mark.NO_REAGENT,
    "lp": Mark.NO_REAGENT,
    "lw": Mark.NO_REAGENT,
    "ls": Mark.NO_REAGENT,
}

DEVIATIONS: Final = {  # ways in which real packets stray, accepted and marked if lenient: refusal code if strict
    "length-6": "hj212.length",  # the length field counts ## and itself
    "crc-case": "hj212.crc_case",
    "segment-long": "hj212.segment_long",  # over 1024 bytes, the limit of 2005 and 2017
    "qn-missing": "hj212.qn_missing",
    "flag-apart": "hj212.flag_apart",  # `;` where `,` should join the mark to its value
}


def edition(flag: int | None) -> int | None:
    """Edition that a Flag claims; None for version bits nobody has seen."""
    return 2005 if flag is None else EDITIONS.get(flag >> 2)
