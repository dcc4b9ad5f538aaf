/* SPDX-License-Identifier: MIT */
#include "monitor/etw/classic.h"

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
    CLASSIC(0, 0, "1-4", "Start|Stop|DCStart|DCStop",
            "p ProcessId, p ParentId, s UserSID, a ImageFileName"),
    CLASSIC(1, 1, "1-4", "Start|Stop|DCStart|DCStop",
            "p PageDirectoryBase, u4 ProcessId, u4 ParentId, u4 SessionId, i4 ExitStatus, "
            "s UserSID, a ImageFileName"),
    CLASSIC(2, 2, "1-4 39", "Start|Stop|DCStart|DCStop|Defunct",
            "p UniqueProcessKey, u4 ProcessId, u4 ParentId, u4 SessionId, i4 ExitStatus, "
            "s UserSID, a ImageFileName, w CommandLine"),
    CLASSIC(3, 3, "1-4 39", "Start|Stop|DCStart|DCStop|Defunct",
            "p UniqueProcessKey, u4 ProcessId, u4 ParentId, u4 SessionId, i4 ExitStatus, "
            "p DirectoryTableBase, s UserSID, a ImageFileName, w CommandLine"),
    CLASSIC(4, 4, "1-4 39", "Start|Stop|DCStart|DCStop|Defunct",
            "p UniqueProcessKey, u4 ProcessId, u4 ParentId, u4 SessionId, i4 ExitStatus, "
            "p DirectoryTableBase, x4 Flags, s UserSID, a ImageFileName, w CommandLine, "
            "w PackageFullName, w ApplicationId"),
    CLASSIC(5, 255, "1-4", "Start|Stop|DCStart|DCStop",
            "p UniqueProcessKey, u4 ProcessId, u4 ParentId, u4 SessionId, i4 ExitStatus, "
            "p DirectoryTableBase, x4 Flags, s UserSID, a ImageFileName, w CommandLine, "
            "w PackageFullName, w ApplicationId"),
    CLASSIC(5, 255, "39", "Defunct",
            "p UniqueProcessKey, u4 ProcessId, u4 ParentId, u4 SessionId, i4 ExitStatus, "
            "p DirectoryTableBase, x4 Flags, s UserSID, a ImageFileName, w CommandLine, "
            "w PackageFullName, w ApplicationId, t ExitTime"),
    CLASSIC(2, 2, "10", "Image/Load",
            "p ImageBase, z ImageSize, u4 ProcessId, u4 ImageChecksum, u4 TimeDateStamp, "
            "u4 Reserved0, p DefaultBase, u4 Reserved1, u4 Reserved2, u4 Reserved3, "
            "u4 Reserved4, w FileName"),
    CLASSIC(3, 255, "10", "Image/Load",
            "p ImageBase, z ImageSize, u4 ProcessId, u4 ImageChecksum, u4 TimeDateStamp, "
            "u1 SignatureLevel, u1 SignatureType, u2 Reserved0, p DefaultBase, "
            "u4 Reserved1, u4 Reserved2, u4 Reserved3, u4 Reserved4, w FileName"),
    CLASSIC(2, 255, "11", "Terminate", "u4 ProcessId"),
    CLASSIC(2, 255, "32 33", "PerfCtr|PerfCtrRundown",
            "u4 ProcessId, u4 PageFaultCount, u4 HandleCount, u4 Reserved, "
            "z PeakVirtualSize, z PeakWorkingSetSize, z PeakPagefileUsage, "
            "z QuotaPeakPagedPoolUsage, z QuotaPeakNonPagedPoolUsage, z VirtualSize, "
            "z WorkingSetSize, z PagefileUsage, z QuotaPagedPoolUsage, "
            "z QuotaNonPagedPoolUsage, z PrivatePageCount"),
};

static const struct classic_event image[] = {
    CLASSIC(0, 0, "2-4 10", "Unload|DCStart|DCStop|Load", "p ImageBase, u4 ImageSize, w FileName"),
    CLASSIC(1, 1, "2-4 10", "Unload|DCStart|DCStop|Load",
            "p ImageBase, z ImageSize, u4 ProcessId, w FileName"),
    CLASSIC(2, 2, "2-4 10", "Unload|DCStart|DCStop|Load",
            "p ImageBase, z ImageSize, u4 ProcessId, u4 ImageChecksum, u4 TimeDateStamp, "
            "u4 Reserved0, p DefaultBase, u4 Reserved1, u4 Reserved2, u4 Reserved3, "
            "u4 Reserved4, w FileName"),
    CLASSIC(3, 255, "2-4 10", "Unload|DCStart|DCStop|Load",
            "p ImageBase, z ImageSize, u4 ProcessId, u4 ImageChecksum, u4 TimeDateStamp, "
            "u1 SignatureLevel, u1 SignatureType, u2 Reserved0, p DefaultBase, "
            "u4 Reserved1, u4 Reserved2, u4 Reserved3, u4 Reserved4, w FileName"),
    CLASSIC(0, 255, "33", "KernelBase", "p ImageBase"),
    CLASSIC(0, 255, "34", "HypercallPage", "p HypercallPageVa"),
};

static const struct classic_event thread[] = {
    CLASSIC(0, 0, "1-4", "Start|Stop|DCStart|DCStop", "u4 TThreadId, u4 ProcessId"),
    CLASSIC(1, 1, "1 3", "Start|DCStart",
            "u4 ProcessId, u4 TThreadId, p StackBase, p StackLimit, p UserStackBase, "
            "p UserStackLimit, p StartAddr, p Win32StartAddr, i1 WaitMode"),
    CLASSIC(1, 1, "2 4", "Stop|DCStop", "u4 ProcessId, u4 TThreadId"),
    CLASSIC(2, 2, "1-4", "Start|Stop|DCStart|DCStop",
            "u4 ProcessId, u4 TThreadId, p StackBase, p StackLimit, p UserStackBase, "
            "p UserStackLimit, p StartAddr, p Win32StartAddr, p TebBase, x4 SubProcessTag"),
    /* The name came with Windows 10; before it, the text is empty. */
    CLASSIC(3, 255, "1-4", "Start|Stop|DCStart|DCStop",
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
    CLASSIC(0, 255, "48 49 51 52", "SetPriority|SetBasePriority|SetPagePriority|SetIoPriority",
            "u4 ThreadId, u1 OldPriority, u1 NewPriority, u2 Reserved"),
    CLASSIC(0, 255, "53", "SetAffinity", "p Affinity, u4 ThreadId, u2 Group, u2 Reserved"),
    CLASSIC(0, 255, "50", "ReadyThread",
            "u4 TThreadId, i1 AdjustReason, i1 AdjustIncrement, i1 Flag, i1 Reserved"),
    CLASSIC(0, 255, "57", "WorkerThread", "u4 TThreadId, u8 StartTime, p ThreadRoutine"),
    CLASSIC(0, 255, "72", "SetName", "u4 ProcessId, u4 TThreadId, w ThreadName"),
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
    CLASSIC(0, 255, "100", "HeapRangeRundown",
            "p HeapHandle, x4 HRFlags, u4 HRPid, u4 HRRangeCount, "
            "{p HRAddress, z HRSize}*HRRangeCount Ranges"),
    CLASSIC(0, 255, "101", "HeapRangeCreate", "p HeapHandle, z FirstRangeSize, x4 HRCreateFlags"),
    CLASSIC(0, 255, "102 103", "HeapRangeReserve|HeapRangeRelease",
            "p HeapHandle, p HRAddress, z HRSize"),
    CLASSIC(0, 255, "104", "HeapRangeDestroy", "p HeapHandle"),
};

static const struct classic_event perf_info[] = {
    CLASSIC(0, 1, "46", "Sample", "p InstructionPointer, u4 ThreadId, u4 Count"),
    CLASSIC(2, 255, "46", "Sample", "p InstructionPointer, u4 ThreadId, u2 Count, u2 Reserved"),
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
    CLASSIC(0, 2, "72-74", "SetInterval|CollectionStart|CollectionEnd",
            "u4 Source, u4 NewInterval, u4 OldInterval"),
    CLASSIC(3, 255, "72-74", "SetInterval|CollectionStart|CollectionEnd",
            "u4 Source, u4 NewInterval, u4 OldInterval, w SourceName"),
    CLASSIC(0, 255, "58", "DebuggerEnabled", ""),
};

static const struct classic_event stack_walk[] = {
    CLASSIC(0, 255, "32", "Stack", "u8 EventTimeStamp, u4 StackProcess, u4 StackThread, p* Stack"),
    CLASSIC(0, 255, "35 36", "KeyDelete|KeyRundown", "p StackKey, p* Stack"),
    CLASSIC(0, 255, "37 38", "KeyKernel|KeyUser",
            "u8 EventTimeStamp, u4 StackProcess, u4 StackThread, p StackKey"),
};

static const struct classic_event object[] = {
    CLASSIC(0, 255, "32 33", "CreateHandle|CloseHandle", "p Object, u4 Handle, u2 ObjectType"),
    CLASSIC(0, 2, "34", "DuplicateHandle",
            "p Object, u4 SourceHandle, u4 TargetHandle, u4 TargetProcessId, u2 ObjectType"),
    CLASSIC(3, 255, "34", "DuplicateHandle",
            "p Object, u4 SourceHandle, u4 TargetHandle, u4 TargetProcessId, u2 ObjectType, "
            "u4 SourceProcessId"),
    CLASSIC(0, 255, "36 37", "TypeDCStart|TypeDCEnd",
            "u2 ObjectType, u2 Reserved, w ObjectTypeName"),
    CLASSIC(0, 255, "38 39", "HandleDCStart|HandleDCEnd",
            "p Object, u4 ProcessId, u4 Handle, u2 ObjectType, w ObjectName"),
    CLASSIC(0, 255, "48 49", "CreateObject|DeleteObject", "p Object, u2 ObjectType"),
};

static const struct classic_event alpc[] = {
    CLASSIC(0, 255, "33 34", "SendMessage|ReceiveMessage", "u4 MessageID"),
    CLASSIC(0, 255, "35", "WaitForReply", "u4 MessageID"),
    CLASSIC(0, 255, "36", "WaitForNewMessage", "u4 IsServerPort, a PortName"),
    CLASSIC(0, 255, "37", "Unwait", "x4 Status"),
};

static const struct classic_class classes[] = {
    {.id = CLASSIC_ID(0x68fdd900, 0x4a3e, 0x11d1, 0x84, 0xf4, 0x00, 0x00, 0xf8, 0x04, 0x64, 0xe3),
     .name = "EventTrace",
     .task = "EventTrace",
     CLASSIC_EVENTS(event_trace)},
    {.id = CLASSIC_ID(0x3d6fa8d0, 0xfe05, 0x11d0, 0x9d, 0xda, 0x00, 0xc0, 0x4f, 0xd7, 0xba, 0x7c),
     .name = "Process",
     .task = "Process",
     CLASSIC_EVENTS(process)    },
    {.id = CLASSIC_ID(0x2cb15d1d, 0x5fc1, 0x11d2, 0xab, 0xe1, 0x00, 0xa0, 0xc9, 0x11, 0xf5, 0x18),
     .name = "Image",
     .task = "Image",
     CLASSIC_EVENTS(image)      },
    {.id = CLASSIC_ID(0x3d6fa8d1, 0xfe05, 0x11d0, 0x9d, 0xda, 0x00, 0xc0, 0x4f, 0xd7, 0xba, 0x7c),
     .name = "Thread",
     .task = "Thread",
     CLASSIC_EVENTS(thread)     },
    {.id = CLASSIC_ID(0x3d6fa8d3, 0xfe05, 0x11d0, 0x9d, 0xda, 0x00, 0xc0, 0x4f, 0xd7, 0xba, 0x7c),
     .name = "PageFault",
     .task = "Memory",
     CLASSIC_EVENTS(page_fault) },
    {.id = CLASSIC_ID(0xce1dbfb4, 0x137e, 0x4da6, 0x87, 0xb0, 0x3f, 0x59, 0xaa, 0x10, 0x2c, 0xbc),
     .name = "PerfInfo",
     .task = "PerfInfo",
     CLASSIC_EVENTS(perf_info)  },
    {.id = CLASSIC_ID(0xdef2fe46, 0x7bd6, 0x4b80, 0xbd, 0x94, 0xf5, 0x7f, 0xe2, 0x0d, 0x0c, 0xe3),
     .name = "StackWalk",
     .task = "StackWalk",
     CLASSIC_EVENTS(stack_walk) },
    {.id = CLASSIC_ID(0x89497f50, 0xeffe, 0x4440, 0x8c, 0xf2, 0xce, 0x6b, 0x1c, 0xdc, 0xac, 0xa7),
     .name = "Object",
     .task = "Object",
     CLASSIC_EVENTS(object)     },
    {.id = CLASSIC_ID(0x45d8cccd, 0x539f, 0x4b72, 0xa8, 0xb7, 0x5c, 0x68, 0x31, 0x42, 0x60, 0x9a),
     .name = "ALPC",
     .task = "ALPC",
     CLASSIC_EVENTS(alpc)       },
};

const struct classic_group classic_process = {classes, sizeof classes / sizeof classes[0]};
