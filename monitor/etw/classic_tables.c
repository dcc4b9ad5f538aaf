/* SPDX-License-Identifier: MIT */
#include "monitor/etw/classic.h"

#define CLASSIC(first, last, types, called, lies)                                                  \
    {                                                                                              \
        .first_version = (first), .last_version = (last), .opcodes = (types), .name = (called),    \
        .fields = (lies)                                                                           \
    }

/*
 * The classes of the NT Kernel Logger, from the MOF classes that the documentation of Event Tracing
 * lists under "NT Kernel Logger Constants"; lengths were checked against real traces.
 */

static const struct classic_event event_trace[] = {
    CLASSIC(2, 2, "0", "Header",
            "u4 BufferSize, u4 Version, u4 ProviderVersion, u4 NumberOfProcessors, "
            "t EndTime, u4 TimerResolution, u4 MaxFileSize, x4 LogFileMode, "
            "u4 BuffersWritten, u4 StartBuffers, u4 PointerSize, u4 EventsLost, "
            "u4 CPUSpeed, p LoggerName, p LogFileNamePointer, i4 Bias, b172 TimeZone, "
            "t BootTime, u8 PerfFreq, t StartTime, u4 ReservedFlags, u4 BuffersLost, "
            "w SessionName, w LogFileName"),
    CLASSIC(0, 255, "5 32", "Extension|EndExtension", "x4*8 GroupMasks, x4 KernelEventVersion"),
    CLASSIC(0, 255, "8", "RundownComplete", ""),
    CLASSIC(0, 255, "64", "DbgIdRsds", "g Guid, u4 Age, a PdbFileName"),
    CLASSIC(0, 255, "66", "BuildInfo", "w BuildString"),
    CLASSIC(0, 255, "80", "PartitionInfoExtensionV2",
            "u2 EventVersion, u2 Reserved, u4 PartitionType, i8 QpcOffsetFromRoot, "
            "g PartitionId, g ParentId"),
};

static const struct classic_event process[] = {
    CLASSIC(0, 0, "1-4", "Process", "p ProcessId, p ParentId, s UserSID, a ImageFileName"),
    CLASSIC(1, 1, "1-4", "Process",
            "p PageDirectoryBase, u4 ProcessId, u4 ParentId, u4 SessionId, i4 ExitStatus, "
            "s UserSID, a ImageFileName"),
    CLASSIC(2, 2, "1-4 39", "Process",
            "p UniqueProcessKey, u4 ProcessId, u4 ParentId, u4 SessionId, i4 ExitStatus, "
            "s UserSID, a ImageFileName, w CommandLine"),
    CLASSIC(3, 3, "1-4 39", "Process",
            "p UniqueProcessKey, u4 ProcessId, u4 ParentId, u4 SessionId, i4 ExitStatus, "
            "p DirectoryTableBase, s UserSID, a ImageFileName, w CommandLine"),
    CLASSIC(4, 255, "1-4 39", "Process",
            "p UniqueProcessKey, u4 ProcessId, u4 ParentId, u4 SessionId, i4 ExitStatus, "
            "p DirectoryTableBase, x4 Flags, s UserSID, a ImageFileName, w CommandLine, "
            "w PackageFullName, w ApplicationId"),
    CLASSIC(2, 2, "10", "Image/Load",
            "p ImageBase, z ImageSize, u4 ProcessId, u4 ImageChecksum, u4 TimeDateStamp, "
            "u4 Reserved0, p DefaultBase, u4 Reserved1, u4 Reserved2, u4 Reserved3, "
            "u4 Reserved4, w FileName"),
    CLASSIC(3, 255, "10", "Image/Load",
            "p ImageBase, z ImageSize, u4 ProcessId, u4 ImageChecksum, u4 TimeDateStamp, "
            "u1 SignatureLevel, u1 SignatureType, u2 Reserved0, p DefaultBase, "
            "u4 Reserved1, u4 Reserved2, u4 Reserved3, u4 Reserved4, w FileName"),
    CLASSIC(2, 255, "11", "Process/Terminate", "u4 ProcessId"),
    CLASSIC(2, 255, "32 33", "Process/PerfCtr|Process/PerfCtrRundown",
            "u4 ProcessId, u4 PageFaultCount, u4 HandleCount, u4 Reserved, "
            "z PeakVirtualSize, z PeakWorkingSetSize, z PeakPagefileUsage, "
            "z QuotaPeakPagedPoolUsage, z QuotaPeakNonPagedPoolUsage, z VirtualSize, "
            "z WorkingSetSize, z PagefileUsage, z QuotaPagedPoolUsage, "
            "z QuotaNonPagedPoolUsage, z PrivatePageCount"),
};

static const struct classic_event image[] = {
    CLASSIC(0, 0, "2-4 10", "Image", "p ImageBase, u4 ImageSize, w FileName"),
    CLASSIC(1, 1, "2-4 10", "Image", "p ImageBase, z ImageSize, u4 ProcessId, w FileName"),
    CLASSIC(2, 2, "2-4 10", "Image",
            "p ImageBase, z ImageSize, u4 ProcessId, u4 ImageChecksum, u4 TimeDateStamp, "
            "u4 Reserved0, p DefaultBase, u4 Reserved1, u4 Reserved2, u4 Reserved3, "
            "u4 Reserved4, w FileName"),
    CLASSIC(3, 255, "2-4 10", "Image",
            "p ImageBase, z ImageSize, u4 ProcessId, u4 ImageChecksum, u4 TimeDateStamp, "
            "u1 SignatureLevel, u1 SignatureType, u2 Reserved0, p DefaultBase, "
            "u4 Reserved1, u4 Reserved2, u4 Reserved3, u4 Reserved4, w FileName"),
    CLASSIC(0, 255, "33", "Image/KernelBase", "p ImageBase"),
    CLASSIC(0, 255, "34", "Image/HypercallPage", "p HypercallPageVa"),
};

static const struct classic_event thread[] = {
    CLASSIC(0, 0, "1-4", "Thread", "u4 TThreadId, u4 ProcessId"),
    CLASSIC(1, 1, "1 3", "Thread",
            "u4 ProcessId, u4 TThreadId, p StackBase, p StackLimit, p UserStackBase, "
            "p UserStackLimit, p StartAddr, p Win32StartAddr, i1 WaitMode"),
    CLASSIC(1, 1, "2 4", "Thread", "u4 ProcessId, u4 TThreadId"),
    CLASSIC(2, 2, "1-4", "Thread",
            "u4 ProcessId, u4 TThreadId, p StackBase, p StackLimit, p UserStackBase, "
            "p UserStackLimit, p StartAddr, p Win32StartAddr, p TebBase, x4 SubProcessTag"),
    CLASSIC(3, 3, "1-4", "Thread",
            "u4 ProcessId, u4 TThreadId, p StackBase, p StackLimit, p UserStackBase, "
            "p UserStackLimit, p Affinity, p Win32StartAddr, p TebBase, x4 SubProcessTag, "
            "u1 BasePriority, u1 PagePriority, u1 IoPriority, u1 ThreadFlags"),
    CLASSIC(4, 255, "1-4", "Thread",
            "u4 ProcessId, u4 TThreadId, p StackBase, p StackLimit, p UserStackBase, "
            "p UserStackLimit, p Affinity, p Win32StartAddr, p TebBase, x4 SubProcessTag, "
            "u1 BasePriority, u1 PagePriority, u1 IoPriority, u1 ThreadFlags, "
            "w ThreadName"),
    CLASSIC(0, 255, "36", "CSwitch",
            "u4 NewThreadId, u4 OldThreadId, i1 NewThreadPriority, i1 OldThreadPriority, "
            "u1 PreviousCState, i1 SpareByte, i1 OldThreadWaitReason, "
            "i1 OldThreadWaitMode, i1 OldThreadState, i1 OldThreadWaitIdealProcessor, "
            "u4 NewThreadWaitTime, u4 Reserved"),
    CLASSIC(0, 255, "37", "CompCS", ""),
    CLASSIC(0, 255, "48 49 52 53", "SetPriority|SetBasePriority|SetPagePriority|SetIoPriority",
            "u4 ThreadId, u1 OldPriority, u1 NewPriority, u2 Reserved"),
    CLASSIC(0, 255, "50", "ReadyThread",
            "u4 TThreadId, i1 AdjustReason, i1 AdjustIncrement, i1 Flag, i1 Reserved"),
    CLASSIC(0, 255, "57", "WorkerThread", "u4 TThreadId, u8 StartTime, p ThreadRoutine"),
    CLASSIC(0, 255, "72", "ThreadSetName", "u4 ProcessId, u4 TThreadId, w ThreadName"),
};

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
};

static const struct classic_event tcp_ip[] = {
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
    CLASSIC(2, 255, "10 11", "Send|Recv",
            "u4 PID, u4 size, ip4 daddr, ip4 saddr, port dport, port sport, u4 seqnum, "
            "p connid"),
    CLASSIC(2, 255, "17", "Fail", "u2 Proto, u2 FailureCode"),
    CLASSIC(2, 255, "26 27", "SendIPV6|RecvIPV6",
            "u4 PID, u4 size, ip6 daddr, ip6 saddr, port dport, port sport, u4 seqnum, "
            "p connid"),
};

static const struct classic_event page_fault[] = {
    CLASSIC(
        0, 255, "10-15",
        "TransitionFault|DemandZeroFault|CopyOnWrite|GuardPageFault|HardPageFault|AccessViolation",
        "p VirtualAddress, p ProgramCounter"),
    CLASSIC(0, 255, "32", "HardFault",
            "u8 InitialTime, u8 ReadOffset, p VirtualAddress, p FileObject, u4 TThreadId, "
            "u4 ByteCount"),
    CLASSIC(0, 255, "98 99", "VirtualAlloc|VirtualFree",
            "p BaseAddress, z RegionSize, u4 ProcessId, x4 Flags"),
    CLASSIC(0, 255, "105", "ImageLoadBacked",
            "p FileObject, x4 DeviceChar, x2 FileChar, x2 LoadFlags"),
};

static const struct classic_event registry[] = {
    CLASSIC(0, 0, "10-27", "Registry", "p Status, p KeyHandle, i8 ElapsedTime, w KeyName"),
    CLASSIC(1, 1, "10-27", "Registry",
            "p Status, p KeyHandle, i8 ElapsedTime, u4 Index, w KeyName"),
    CLASSIC(2, 255, "10-27", "Registry",
            "i8 InitialTime, x4 Status, u4 Index, p KeyHandle, w KeyName"),
};

static const struct classic_event perf_info[] = {
    CLASSIC(0, 1, "46", "SampledProfile", "p InstructionPointer, u4 ThreadId, u4 Count"),
    CLASSIC(2, 255, "46", "SampledProfile",
            "p InstructionPointer, u4 ThreadId, u2 Count, u2 Reserved"),
    CLASSIC(0, 255, "47", "PmcCounterProfile",
            "p InstructionPointer, u4 ThreadId, u2 ProfileSource, u2 Reserved"),
    CLASSIC(0, 255, "50", "ISR-MSI",
            "u8 InitialTime, p Routine, u1 ReturnValue, u2 Vector, u1 Reserved, "
            "u4 MessageNumber"),
    CLASSIC(0, 255, "51", "SysCallEnter", "p SysCallAddress"),
    CLASSIC(0, 255, "52", "SysCallExit", "x4 SysCallNtStatus"),
    CLASSIC(0, 255, "66 68 69", "ThreadedDPC|DPC|TimerDPC", "u8 InitialTime, p Routine"),
    CLASSIC(0, 255, "67", "ISR",
            "u8 InitialTime, p Routine, u1 ReturnValue, u2 Vector, u1 Reserved"),
    CLASSIC(0, 2, "72-74", "SampledProfileInterval", "u4 Source, u4 NewInterval, u4 OldInterval"),
    CLASSIC(3, 255, "72-74", "SampledProfileInterval",
            "u4 Source, u4 NewInterval, u4 OldInterval, w SourceName"),
};

static const struct classic_event stack_walk[] = {
    CLASSIC(0, 255, "32", "Stack", "u8 EventTimeStamp, u4 StackProcess, u4 StackThread, p* Stack"),
    CLASSIC(0, 255, "35 36", "KeyDelete|KeyRundown", "p StackKey, p* Stack"),
    CLASSIC(0, 255, "37 38", "KeyKernel|KeyUser",
            "u8 EventTimeStamp, u4 StackProcess, u4 StackThread, p StackKey"),
};

const struct classic_class classic_classes[] = {
  /* 68fdd900-4a3e-11d1-84f4-0000f80464e3 */
    {.id = {0x00, 0xd9, 0xfd, 0x68, 0x3e, 0x4a, 0xd1, 0x11, 0x84, 0xf4, 0x00, 0x00, 0xf8, 0x04,
            0x64, 0xe3},
     .name = "EventTrace",
     .events = event_trace,
     .count = sizeof event_trace / sizeof event_trace[0]},
 /* 3d6fa8d0-fe05-11d0-9dda-00c04fd7ba7c */
    {.id = {0xd0, 0xa8, 0x6f, 0x3d, 0x05, 0xfe, 0xd0, 0x11, 0x9d, 0xda, 0x00, 0xc0, 0x4f, 0xd7,
            0xba, 0x7c},
     .name = "Process",
     .events = process,
     .count = sizeof process / sizeof process[0]        },
 /* 2cb15d1d-5fc1-11d2-abe1-00a0c911f518 */
    {.id = {0x1d, 0x5d, 0xb1, 0x2c, 0xc1, 0x5f, 0xd2, 0x11, 0xab, 0xe1, 0x00, 0xa0, 0xc9, 0x11,
            0xf5, 0x18},
     .name = "Image",
     .events = image,
     .count = sizeof image / sizeof image[0]            },
 /* 3d6fa8d1-fe05-11d0-9dda-00c04fd7ba7c */
    {.id = {0xd1, 0xa8, 0x6f, 0x3d, 0x05, 0xfe, 0xd0, 0x11, 0x9d, 0xda, 0x00, 0xc0, 0x4f, 0xd7,
            0xba, 0x7c},
     .name = "Thread",
     .events = thread,
     .count = sizeof thread / sizeof thread[0]          },
 /* 3d6fa8d4-fe05-11d0-9dda-00c04fd7ba7c */
    {.id = {0xd4, 0xa8, 0x6f, 0x3d, 0x05, 0xfe, 0xd0, 0x11, 0x9d, 0xda, 0x00, 0xc0, 0x4f, 0xd7,
            0xba, 0x7c},
     .name = "DiskIo",
     .events = disk_io,
     .count = sizeof disk_io / sizeof disk_io[0]        },
 /* 90cbdc39-4a3e-11d1-84f4-0000f80464e3 */
    {.id = {0x39, 0xdc, 0xcb, 0x90, 0x3e, 0x4a, 0xd1, 0x11, 0x84, 0xf4, 0x00, 0x00, 0xf8, 0x04,
            0x64, 0xe3},
     .name = "FileIo",
     .events = file_io,
     .count = sizeof file_io / sizeof file_io[0]        },
 /* 9a280ac0-c8e0-11d1-84e2-00c04fb998a2 */
    {.id = {0xc0, 0x0a, 0x28, 0x9a, 0xe0, 0xc8, 0xd1, 0x11, 0x84, 0xe2, 0x00, 0xc0, 0x4f, 0xb9,
            0x98, 0xa2},
     .name = "TcpIp",
     .events = tcp_ip,
     .count = sizeof tcp_ip / sizeof tcp_ip[0]          },
 /* bf3a50c5-a9c9-4988-a005-2df0b7c80f80 */
    {.id = {0xc5, 0x50, 0x3a, 0xbf, 0xc9, 0xa9, 0x88, 0x49, 0xa0, 0x05, 0x2d, 0xf0, 0xb7, 0xc8,
            0x0f, 0x80},
     .name = "UdpIp",
     .events = udp_ip,
     .count = sizeof udp_ip / sizeof udp_ip[0]          },
 /* 3d6fa8d3-fe05-11d0-9dda-00c04fd7ba7c */
    {.id = {0xd3, 0xa8, 0x6f, 0x3d, 0x05, 0xfe, 0xd0, 0x11, 0x9d, 0xda, 0x00, 0xc0, 0x4f, 0xd7,
            0xba, 0x7c},
     .name = "PageFault",
     .events = page_fault,
     .count = sizeof page_fault / sizeof page_fault[0]  },
 /* ae53722e-c863-11d2-8659-00c04fa321a1 */
    {.id = {0x2e, 0x72, 0x53, 0xae, 0x63, 0xc8, 0xd2, 0x11, 0x86, 0x59, 0x00, 0xc0, 0x4f, 0xa3,
            0x21, 0xa1},
     .name = "Registry",
     .events = registry,
     .count = sizeof registry / sizeof registry[0]      },
 /* ce1dbfb4-137e-4da6-87b0-3f59aa102cbc */
    {.id = {0xb4, 0xbf, 0x1d, 0xce, 0x7e, 0x13, 0xa6, 0x4d, 0x87, 0xb0, 0x3f, 0x59, 0xaa, 0x10,
            0x2c, 0xbc},
     .name = "PerfInfo",
     .events = perf_info,
     .count = sizeof perf_info / sizeof perf_info[0]    },
 /* def2fe46-7bd6-4b80-bd94-f57fe20d0ce3 */
    {.id = {0x46, 0xfe, 0xf2, 0xde, 0xd6, 0x7b, 0x80, 0x4b, 0xbd, 0x94, 0xf5, 0x7f, 0xe2, 0x0d,
            0x0c, 0xe3},
     .name = "StackWalk",
     .events = stack_walk,
     .count = sizeof stack_walk / sizeof stack_walk[0]  },
};

const size_t classic_class_count = sizeof classic_classes / sizeof classic_classes[0];
