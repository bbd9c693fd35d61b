"""The two small screens over `tocsin top`. Both sit at the bottom, so that an evacuation above is never covered."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from daemon.api.models import WHY_CHARS
from daemon.terminal.words import Lang, pick

_HELP_EN = """\
Letters: B blue, Y yellow, O orange, R red, the worst tier in a zone; no letter is normal.  ♪ sounds.

a  acknowledge the selected alarm     s  silence all sounders     r  reset the selected alarm (asks why;
                                                                     of a fire: tocsin top --role commander)
1  faults     2  links and outputs     3  devices     4  out of view     Tab  next pane     arrows  move     q  quit

Evacuation: tocsin evacuate PLAN, advance EVACUATION, all-clear EVACUATION.     Esc or ? closes this."""

_HELP_ZH = """\
字母: 蓝 黄 橙 红 为区域内最高预警级别, 无字为正常。♪ 正在鸣响。

a  确认所选报警     s  全部消音     r  复位所选报警 (需填原因; 火警须 --role commander)
1  故障     2  线路与输出     3  设备     4  未显示的报警     Tab  下一栏     方向键  移动     q  退出

疏散: tocsin evacuate 预案, advance 疏散编号, all-clear 疏散编号。     Esc 或 ? 关闭。"""


class Help(ModalScreen[None]):
    """What the letters and keys mean."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape,question_mark,q", "dismiss", "Close")]

    def __init__(self, lang: Lang) -> None:
        super().__init__()
        self._lang = lang

    def compose(self) -> ComposeResult:
        yield Static(pick((_HELP_EN, _HELP_ZH), self._lang), id="help", markup=False)


class AskWhy(ModalScreen[str | None]):
    """Asks for the reason of an order; None when the person thought better of it."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape", "dismiss", "Cancel")]

    def __init__(self, question: str) -> None:
        super().__init__()
        self._question = question

    def compose(self) -> ComposeResult:
        box = Input(max_length=WHY_CHARS, id="why")
        box.border_title = self._question
        yield box

    def on_input_submitted(self, entered: Input.Submitted) -> None:
        self.dismiss(entered.value.strip() or None)
