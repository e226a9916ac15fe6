"""Release causes: ITU-T Q.850 numbers with English and Chinese texts (facts 3.8)."""

from __future__ import annotations

from enum import IntEnum


class Cause(IntEnum):
    """The causes boardd itself gives; any other Q.850 number may arrive from the network."""

    UNALLOCATED = 1
    NO_ROUTE = 3
    NORMAL_CLEARING = 16
    USER_BUSY = 17
    NO_USER_RESPONDING = 18
    NO_ANSWER = 19
    SUBSCRIBER_ABSENT = 20
    CALL_REJECTED = 21
    NUMBER_CHANGED = 22
    DESTINATION_OUT_OF_ORDER = 27
    INVALID_NUMBER_FORMAT = 28
    NORMAL_UNSPECIFIED = 31
    NO_CIRCUIT = 34
    NETWORK_OUT_OF_ORDER = 38
    TEMPORARY_FAILURE = 41
    CONGESTION = 42
    CHANNEL_UNAVAILABLE = 44
    RESOURCE_UNAVAILABLE = 47
    SERVICE_UNAVAILABLE = 63
    TIMER_EXPIRED = 102
    PROTOCOL_ERROR = 111
    INTERWORKING = 127


TEXTS: dict[int, tuple[str, str]] = {
    1: ("unallocated number", "未分配号码(空号)"),
    2: ("no route to transit network", "无到指定转接网的路由"),
    3: ("no route to destination", "无到目的地的路由"),
    4: ("send special information tone", "送专用信息音"),
    5: ("misdialled trunk prefix", "误拨中继字冠"),
    6: ("channel unacceptable", "信道不可接受"),
    7: ("call awarded on established channel", "呼叫已交付在已建信道"),
    8: ("pre-emption", "被抢占"),
    9: ("pre-emption, circuit reserved", "被抢占,电路保留"),
    14: ("number ported (QoR)", "号码已携出(QoR)"),
    16: ("normal call clearing", "正常呼叫清除"),
    17: ("user busy", "用户忙"),
    18: ("no user responding", "用户无响应"),
    19: ("no answer from user", "已振铃无应答"),
    20: ("subscriber absent", "用户不在网(关机/不在服务区)"),
    21: ("call rejected", "呼叫拒绝"),
    22: ("number changed", "号码改变(改号)"),
    23: ("redirection to new destination", "改发到新目的地"),
    24: ("rejected due to feature at destination", "因目的地特性拒绝"),
    25: ("exchange routing error", "交换路由错误"),
    26: ("non-selected user clearing", "非选中用户清除"),
    27: ("destination out of order", "目的地故障"),
    28: ("invalid number format", "号码格式无效(地址不全)"),
    29: ("facility rejected", "性能(设施)被拒绝"),
    30: ("response to status enquiry", "对状态询问的响应"),
    31: ("normal, unspecified", "正常,未指定"),
    34: ("no circuit available", "无可用电路/信道"),
    38: ("network out of order", "网络故障"),
    39: ("permanent frame connection out of service", "永久帧连接退出服务"),
    40: ("permanent frame connection operational", "永久帧连接可用"),
    41: ("temporary failure", "临时故障"),
    42: ("switching equipment congestion", "交换设备拥塞"),
    43: ("access information discarded", "接入信息被丢弃"),
    44: ("requested channel not available", "请求的信道不可用"),
    46: ("precedence call blocked", "优先呼叫被阻"),
    47: ("resource unavailable, unspecified", "资源不可用,未指定"),
    49: ("quality of service not available", "服务质量不可用"),
    50: ("facility not subscribed", "未预订该性能"),
    53: ("outgoing calls barred within CUG", "CUG内去话禁止"),
    55: ("incoming calls barred within CUG", "CUG内来话禁止"),
    57: ("bearer capability not authorised", "承载能力未授权"),
    58: ("bearer capability not available", "承载能力目前不可用"),
    62: ("inconsistency in outgoing access information", "出接入信息不一致"),
    63: ("service or option not available", "业务或任选项不可用"),
    65: ("bearer capability not implemented", "承载能力未实现"),
    66: ("channel type not implemented", "信道类型未实现"),
    69: ("requested facility not implemented", "请求的性能未实现"),
    70: ("only restricted digital bearer available", "仅有受限数字承载可用"),
    79: ("service or option not implemented", "业务或任选项未实现"),
    81: ("invalid call reference", "无效呼叫参考值"),
    82: ("identified channel does not exist", "标识的信道不存在"),
    83: ("suspended call exists, identity differs", "有暂停呼叫,标识不符"),
    84: ("call identity in use", "呼叫标识正在使用"),
    85: ("no call suspended", "没有暂停的呼叫"),
    86: ("call with that identity has been cleared", "该标识的呼叫已清除"),
    87: ("user not member of CUG", "用户不是CUG成员"),
    88: ("incompatible destination", "目的地不兼容"),
    90: ("non-existing CUG", "CUG不存在"),
    91: ("invalid transit network selection", "转接网选择无效"),
    95: ("invalid message, unspecified", "无效消息,未指定"),
    96: ("mandatory information element missing", "必选信息单元缺失"),
    97: ("message type non-existent", "消息类型不存在"),
    98: ("message not compatible with call state or non-existent", "消息与状态不符或不存在"),
    99: ("information element non-existent", "信息单元不存在"),
    100: ("invalid information element contents", "信息单元内容无效"),
    101: ("message not compatible with call state", "消息与呼叫状态不符"),
    102: ("recovery on timer expiry", "定时器超时恢复"),
    103: ("parameter non-existent, passed on", "参数不存在,已传递"),
    110: ("message with unrecognised parameter discarded", "含未知参数,已丢弃"),
    111: ("protocol error, unspecified", "协议错误,未指定"),
    127: ("interworking, unspecified", "互通,未指定"),
}

_CLASS_DEFAULT = (31, 31, 47, 63, 79, 95, 111, 127)


def known_cause(number: int) -> int:
    """`number` when Q.850 defines it, else the "unspecified" of its class (31, 47, 63, 79, 95, 111, 127)."""
    return number if number in TEXTS else _CLASS_DEFAULT[(number & 0x7F) >> 4]


def cause_text(number: int, language: str = "en") -> str:
    """The text of a cause in `en` or `zh_CN`; unknown numbers get their class' text with the number in front."""
    english, chinese = TEXTS[known_cause(number)]
    text = chinese if language == "zh_CN" else english
    return text if number in TEXTS else f"{number}: {text}"
