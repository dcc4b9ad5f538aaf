/* SPDX-License-Identifier: MIT */
#include "monitor/etw/classic.h"

#define REGISTRY_NAMES                                                                             \
    "Create|Open|Delete|Query|SetValue|DeleteValue|QueryValue|EnumerateKey|EnumerateValueKey|"     \
    "QueryMultipleValue|SetInformation|Flush|KCBCreate|KCBDelete|KCBRundownBegin|KCBRundownEnd|"   \
    "Virtualize|Close|SetSecurity|QuerySecurity"

static const struct classic_event disk_io[] = {
    CLASSIC(0, 1, "10 11", "Read|Write",
            "u4 DiskNumber, x4 IrpFlags, u4 TransferSize, u4 ResponseTime, u8 ByteOffset, "
            "p FileObject, p Irp, u8 HighResResponseTime"),
    CLASSIC(2, 2, "10 11", "Read|Write",
            "u4 DiskNumber, x4 IrpFlags, u4 TransferSize, u4 Reserved, u8 ByteOffset, "
            "p FileObject, p Irp, u8 HighResResponseTime"),
    CLASSIC(3, 255, "10 11", "Read|Write",
            "u4 DiskNumber, x4 IrpFlags, u4 TransferSize, u4 Reserved, u8 ByteOffset, "
            "p FileObject, p Irp, u8 HighResResponseTime, u4 IssuingThreadId"),
    CLASSIC(2, 2, "12 13 15", "ReadInit|WriteInit|FlushInit", "p Irp"),
    CLASSIC(3, 255, "12 13 15", "ReadInit|WriteInit|FlushInit", "p Irp, u4 IssuingThreadId"),
    CLASSIC(2, 2, "14", "FlushBuffers",
            "u4 DiskNumber, x4 IrpFlags, u8 HighResResponseTime, p Irp"),
    CLASSIC(3, 255, "14", "FlushBuffers",
            "u4 DiskNumber, x4 IrpFlags, u8 HighResResponseTime, p Irp, "
            "u4 IssuingThreadId"),
    CLASSIC(2, 255, "34", "DriverMajorFunctionCall",
            "u4 MajorFunction, u4 MinorFunction, p RoutineAddr, p FileObject, p Irp, "
            "u4 UniqMatchId"),
    CLASSIC(2, 255, "35", "DriverMajorFunctionReturn", "p Irp, u4 UniqMatchId"),
    CLASSIC(2, 255, "37", "DriverCompleteRequest", "p RoutineAddr, p Irp, u4 UniqMatchId"),
    CLASSIC(2, 255, "52", "DriverCompletionRoutine", "p Routine, p IrpPtr, u4 UniqMatchId"),
    CLASSIC(2, 255, "53", "DriverCompleteRequestReturn", "p Irp, u4 UniqMatchId"),
};

static const struct classic_event file_io[] = {
    CLASSIC(0, 255, "0 32 35 36", "Name|FileCreate|FileDelete|FileRundown",
            "p FileObject, w FileName"),
    CLASSIC(2, 2, "64", "Create",
            "p IrpPtr, p TTID, p FileObject, x4 CreateOptions, x4 FileAttributes, "
            "x4 ShareAccess, w OpenPath"),
    CLASSIC(3, 255, "64", "Create",
            "p IrpPtr, p FileObject, u4 TTID, x4 CreateOptions, x4 FileAttributes, "
            "x4 ShareAccess, w OpenPath"),
    CLASSIC(2, 2, "65 66 73", "Cleanup|Close|Flush", "p IrpPtr, p TTID, p FileObject, p FileKey"),
    CLASSIC(3, 255, "65 66 73", "Cleanup|Close|Flush",
            "p IrpPtr, p FileObject, p FileKey, u4 TTID"),
    CLASSIC(2, 2, "67 68", "Read|Write",
            "u8 Offset, p IrpPtr, p TTID, p FileObject, p FileKey, u4 IoSize, x4 IoFlags"),
    CLASSIC(3, 255, "67 68", "Read|Write",
            "u8 Offset, p IrpPtr, p FileObject, p FileKey, u4 TTID, u4 IoSize, x4 IoFlags"),
    CLASSIC(2, 2, "69-71 74 75", "SetInfo|Delete|Rename|QueryInfo|FSControl",
            "p IrpPtr, p TTID, p FileObject, p FileKey, p ExtraInfo, u4 InfoClass"),
    CLASSIC(3, 255, "69-71 74 75", "SetInfo|Delete|Rename|QueryInfo|FSControl",
            "p IrpPtr, p FileObject, p FileKey, p ExtraInfo, u4 TTID, u4 InfoClass"),
    CLASSIC(2, 2, "72 77", "DirEnum|DirNotify",
            "p IrpPtr, p TTID, p FileObject, p FileKey, u4 Length, u4 InfoClass, "
            "u4 FileIndex, w FileName"),
    CLASSIC(3, 255, "72 77", "DirEnum|DirNotify",
            "p IrpPtr, p FileObject, p FileKey, u4 TTID, u4 Length, u4 InfoClass, "
            "u4 FileIndex, w FileName"),
    CLASSIC(0, 255, "76", "OperationEnd", "p IrpPtr, p ExtraInfo, x4 NtStatus"),
    CLASSIC(0, 255, "37-40", "MapFile|UnMapFile|MapFileDCStart|MapFileDCEnd",
            "p ViewBase, p FileObject, u8 MiscInfo, z ViewSize, u4 ProcessId"),
    CLASSIC(2, 255, "79-81", "DeletePath|RenamePath|SetLinkPath",
            "p IrpPtr, p FileObject, p FileKey, p ExtraInfo, u4 TTID, u4 InfoClass, w FileName"),
};

static const struct classic_event tcp_ip[] = {
    CLASSIC(0, 0, "10-16", "Send|Recv|Connect|Disconnect|Retransmit|Accept|Reconnect",
            "ip4 daddr, ip4 saddr, port dport, port sport, u4 size, u4 PID"),
    CLASSIC(1, 1, "10-16 18", "Send|Recv|Connect|Disconnect|Retransmit|Accept|Reconnect|Copy",
            "u4 PID, u4 size, ip4 daddr, ip4 saddr, port dport, port sport"),
    CLASSIC(2, 255, "10", "Send",
            "u4 PID, u4 size, ip4 daddr, ip4 saddr, port dport, port sport, u4 startime, "
            "u4 endtime, u4 seqnum, p connid"),
    CLASSIC(2, 255, "11 13 14 16 18", "Recv|Disconnect|Retransmit|Reconnect|Copy",
            "u4 PID, u4 size, ip4 daddr, ip4 saddr, port dport, port sport, u4 seqnum, "
            "p connid"),
    CLASSIC(2, 255, "12 15", "Connect|Accept",
            "u4 PID, u4 size, ip4 daddr, ip4 saddr, port dport, port sport, u2 mss, "
            "u2 sackopt, u2 tsopt, u2 wsopt, u4 rcvwin, i2 rcvwinscale, i2 sndwinscale, "
            "u4 seqnum, p connid"),
    CLASSIC(2, 255, "17", "Fail", "u2 Proto, u2 FailureCode"),
    CLASSIC(2, 255, "26", "SendIPV6",
            "u4 PID, u4 size, ip6 daddr, ip6 saddr, port dport, port sport, u4 startime, "
            "u4 endtime, u4 seqnum, p connid"),
    CLASSIC(2, 255, "27 29 30 32 34",
            "RecvIPV6|DisconnectIPV6|RetransmitIPV6|ReconnectIPV6|CopyIPV6",
            "u4 PID, u4 size, ip6 daddr, ip6 saddr, port dport, port sport, u4 seqnum, "
            "p connid"),
    CLASSIC(2, 255, "28 31", "ConnectIPV6|AcceptIPV6",
            "u4 PID, u4 size, ip6 daddr, ip6 saddr, port dport, port sport, u2 mss, "
            "u2 sackopt, u2 tsopt, u2 wsopt, u4 rcvwin, i2 rcvwinscale, i2 sndwinscale, "
            "u4 seqnum, p connid"),
};

static const struct classic_event udp_ip[] = {
    CLASSIC(0, 0, "10 11", "Send|Recv",
            "p context, ip4 saddr, port sport, u2 size, ip4 daddr, port dport, u2 dsize"),
    CLASSIC(1, 1, "10 11", "Send|Recv",
            "u4 PID, u4 size, ip4 daddr, ip4 saddr, port dport, port sport"),
    CLASSIC(2, 255, "10 11", "Send|Recv",
            "u4 PID, u4 size, ip4 daddr, ip4 saddr, port dport, port sport, u4 seqnum, "
            "p connid"),
    CLASSIC(2, 255, "17", "Fail", "u2 Proto, u2 FailureCode"),
    CLASSIC(2, 255, "26 27", "SendIPV6|RecvIPV6",
            "u4 PID, u4 size, ip6 daddr, ip6 saddr, port dport, port sport, u4 seqnum, "
            "p connid"),
};

static const struct classic_event registry[] = {
    CLASSIC(0, 0, "10-29", REGISTRY_NAMES, "p Status, p KeyHandle, i8 ElapsedTime, w KeyName"),
    CLASSIC(1, 1, "10-29", REGISTRY_NAMES,
            "p Status, p KeyHandle, i8 ElapsedTime, u4 Index, w KeyName"),
    CLASSIC(2, 255, "10-29", REGISTRY_NAMES,
            "i8 InitialTime, x4 Status, u4 Index, p KeyHandle, w KeyName"),
    CLASSIC(0, 255, "34", "Counters",
            "u8 Counter1, u8 Counter2, u8 Counter3, u8 Counter4, u8 Counter5, u8 Counter6, "
            "u8 Counter7, u8 Counter8, u8 Counter9, u8 Counter10, u8 Counter11"),
    CLASSIC(0, 255, "35", "Config", "u4 CurrentControlSet"),
};

static const struct classic_event split_io[] = {
    CLASSIC(0, 255, "32", "VolMgr", "p ParentIrp, p ChildIrp"),
};

static const struct classic_class classes[] = {
    {.id = CLASSIC_ID(0x3d6fa8d4, 0xfe05, 0x11d0, 0x9d, 0xda, 0x00, 0xc0, 0x4f, 0xd7, 0xba, 0x7c),
     .name = "DiskIo",
     .task = "DiskIO",
     CLASSIC_EVENTS(disk_io) },
    {.id = CLASSIC_ID(0x90cbdc39, 0x4a3e, 0x11d1, 0x84, 0xf4, 0x00, 0x00, 0xf8, 0x04, 0x64, 0xe3),
     .name = "FileIo",
     .task = "FileIO",
     CLASSIC_EVENTS(file_io) },
    {.id = CLASSIC_ID(0x9a280ac0, 0xc8e0, 0x11d1, 0x84, 0xe2, 0x00, 0xc0, 0x4f, 0xb9, 0x98, 0xa2),
     .name = "TcpIp",
     .task = "TcpIp",
     CLASSIC_EVENTS(tcp_ip)  },
    {.id = CLASSIC_ID(0xbf3a50c5, 0xa9c9, 0x4988, 0xa0, 0x05, 0x2d, 0xf0, 0xb7, 0xc8, 0x0f, 0x80),
     .name = "UdpIp",
     .task = "UdpIp",
     CLASSIC_EVENTS(udp_ip)  },
    {.id = CLASSIC_ID(0xae53722e, 0xc863, 0x11d2, 0x86, 0x59, 0x00, 0xc0, 0x4f, 0xa3, 0x21, 0xa1),
     .name = "Registry",
     .task = "Registry",
     CLASSIC_EVENTS(registry)},
    {.id = CLASSIC_ID(0xd837ca92, 0x12b9, 0x44a5, 0xad, 0x6a, 0x3a, 0x65, 0xb3, 0x57, 0x8a, 0xa8),
     .name = "SplitIo",
     .task = "SplitIO",
     CLASSIC_EVENTS(split_io)},
};

const struct classic_group classic_io = {classes, sizeof classes / sizeof classes[0]};
