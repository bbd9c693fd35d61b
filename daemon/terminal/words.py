"""The words of the terminal in English and Chinese, and the tiers' colours, which never stand without a word."""

import os
from datetime import datetime
from typing import Literal

from daemon.api.models import NameView, TierWord

Lang = Literal["en", "zh"]

TIER: dict[TierWord, tuple[str, str]] = {
    "none": ("normal", "正常"),
    "blue": ("BLUE", "蓝色"),
    "yellow": ("YELLOW", "黄色"),
    "orange": ("ORANGE", "橙色"),
    "red": ("RED", "红色"),
}
TIER_LETTER: dict[TierWord, tuple[str, str]] = {
    "none": ("", ""),
    "blue": ("B", "蓝"),
    "yellow": ("Y", "黄"),
    "orange": ("O", "橙"),
    "red": ("R", "红"),
}
TIER_STYLE: dict[TierWord, str] = {
    "none": "",
    "blue": "bold white on #0050b0",
    "yellow": "bold black on #ffd800",
    "orange": "bold black on #ff8c00",
    "red": "bold white on #c00000",
}
STATE: dict[str, tuple[str, str]] = {
    "normal": ("normal", "正常"),
    "pending": ("pending", "延时中"),
    "unack": ("NEW", "未确认"),
    "acked": ("acked", "已确认"),
    "rtn_unack": ("gone, new", "已恢复未确认"),
    "latched_unack": ("latched, new", "锁定未确认"),
    "latched_acked": ("latched", "锁定已确认"),
}
OVERLAY: dict[str, tuple[str, str]] = {
    "shelved": ("shelved", "搁置"),
    "suppressed": ("suppressed", "抑制"),
    "out_of_service": ("out of service", "停用"),
}
EVENT: dict[str, tuple[str, str]] = {
    "raise": ("RAISE", "报警"),
    "escalate": ("ESCALATE", "升级"),
    "step_down": ("STEP DOWN", "降级"),
    "return": ("RETURN", "恢复"),
    "clear": ("CLEAR", "解除"),
    "acknowledged": ("ACK", "确认"),
    "silenced": ("SILENCE", "消音"),
    "re_alarm": ("STILL THERE", "仍未消除"),
    "hidden": ("HIDDEN", "隐藏"),
    "shown": ("SHOWN AGAIN", "重新显示"),
    "withheld": ("WITHHELD", "暂不显示"),
    "chattering": ("CHATTERING", "频繁报警"),
    "flood": ("FLOOD", "报警泛滥"),
    "end_flood": ("FLOOD OVER", "泛滥结束"),
    "investigate": ("INVESTIGATE", "核查"),
    "stand_down": ("STAND DOWN", "核查结束"),
    "verify": ("VERIFY", "复核"),
    "duty_change": ("DUTY", "值班"),
    "show_mode": ("SHOW", "演出模式"),
    "end_show_mode": ("SHOW OVER", "演出结束"),
    "evacuate": ("EVACUATE", "疏散"),
    "advance": ("ADVANCE", "扩大疏散"),
    "reroute": ("REROUTE", "改道"),
    "end_evacuation": ("ALL CLEAR", "疏散解除"),
    "zone_tier": ("ZONE", "区域"),
    "report_fault": ("FAULT", "故障"),
    "end_fault": ("FAULT OVER", "故障消除"),
    "refuse": ("REFUSED", "拒绝"),
    "restart": ("RESTART", "重新启动"),
    "anchored": ("audit anchored", "审计锚定"),
}


def pick(words: tuple[str, str], lang: Lang) -> str:
    return words[lang == "zh"]


def name_in(name: NameView, lang: Lang) -> str:
    """The Chinese name if asked for and there, else the English one."""
    return (name.zh if lang == "zh" else "") or name.en


def default_lang() -> Lang:
    """As the terminal's locale says."""
    locale = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return "zh" if locale.lower().startswith("zh") else "en"


def clock(iso: str) -> str:
    """An API time as local wall time: 21:14:05, with the date before it on any other day than today."""
    when = datetime.fromisoformat(iso).astimezone()
    today = datetime.now(when.tzinfo).date()
    return when.strftime("%H:%M:%S" if when.date() == today else "%Y-%m-%d %H:%M:%S")


_UNITS = (("d", "天", 86_400), ("h", "小时", 3_600), ("min", "分", 60), ("s", "秒", 1))


def span(seconds: float, lang: Lang) -> str:
    """A duration as its two largest units: 45 s, 12 min 3 s, 5 h 2 min, 3 d 4 h."""
    rest = int(seconds)
    parts: list[str] = []
    for english, chinese, size in _UNITS:
        count, rest = divmod(rest, size)
        if count or parts or size == 1:
            parts.append(f"{count}{chinese}" if lang == "zh" else f"{count} {english}")
    return ("" if lang == "zh" else " ").join(parts[:2])
