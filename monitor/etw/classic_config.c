/* SPDX-License-Identifier: MIT */
#include "monitor/etw/classic.h"

static const struct classic_event system_config[] = {
    CLASSIC(0, 2, "10", "CPU",
            "u4 MHz, u4 NumberOfProcessors, u4 MemSize, u4 PageSize, u4 AllocationGranularity, "
            "w256 ComputerName, w134 DomainName, p HyperThreadingFlag"),
    CLASSIC(3, 255, "10", "CPU",
            "u4 MHz, u4 NumberOfProcessors, u4 MemSize, u4 PageSize, u4 AllocationGranularity, "
            "w256 ComputerName, w134 DomainName, p HyperThreadingFlag, p HighestUserAddress, "
            "u2 ProcessorArchitecture, u2 ProcessorLevel, x2 ProcessorRevision, o1 PaeEnabled, "
            "o1 NxEnabled, u4 MemorySpeed"),
    CLASSIC(0, 255, "11", "PhyDisk",
            "u4 DiskNumber, u4 BytesPerSector, u4 SectorsPerTrack, u4 TracksPerCylinder, "
            "u8 Cylinders, u4 SCSIPort, u4 SCSIPath, u4 SCSITarget, u4 SCSILun, "
            "w256 Manufacturer, u4 PartitionCount, o1 WriteCacheEnabled, b1 Pad, "
            "w3 BootDriveLetter, w2 Spare"),
    CLASSIC(0, 255, "12", "LogDisk",
            "u8 StartOffset, u8 PartitionSize, u4 DiskNumber, u4 Size, u4 DriveType, "
            "w4 DriveLetterString, b4 Pad1, u4 PartitionNumber, u4 SectorsPerCluster, "
            "u4 BytesPerSector, b4 Pad2, i8 NumberOfFreeClusters, i8 TotalNumberOfClusters, "
            "w16 FileSystem, u4 VolumeExt, b4 Pad3"),
    CLASSIC(0, 1, "13", "NIC",
            "w256 NICName, u4 Index, u4 PhysicalAddrLen, w8 PhysicalAddr, u4 Size, "
            "ip4 IpAddress, ip4 SubnetMask, ip4 DhcpServer, ip4 Gateway, ip4 PrimaryWinsServer, "
            "ip4 SecondaryWinsServer, ip4 DnsServer1, ip4 DnsServer2, ip4 DnsServer3, "
            "ip4 DnsServer4, u4 Data"),
    CLASSIC(2, 255, "13", "NIC",
            "x8 PhysicalAddr, u4 PhysicalAddrLen, u4 Ipv4Index, u4 Ipv6Index, w NICDescription, "
            "w IpAddresses, w DnsServerAddresses"),
    CLASSIC(0, 255, "14", "Video",
            "u4 MemorySize, u4 XResolution, u4 YResolution, u4 BitsPerPixel, u4 VRefresh, "
            "w256 ChipType, w256 DACType, w256 AdapterString, w256 BiosString, w256 DeviceId, "
            "x4 StateFlags"),
    CLASSIC(0, 1, "15", "Services",
            "w34 ServiceName, w256 DisplayName, w34 ProcessName, u4 ProcessId"),
    CLASSIC(2, 2, "15", "Services",
            "u4 ProcessId, u4 ServiceState, x4 SubProcessTag, w ServiceName, w DisplayName, "
            "w ProcessName"),
    CLASSIC(3, 255, "15", "Services",
            "u4 ProcessId, u4 ServiceState, x4 SubProcessTag, w ServiceName, w DisplayName, "
            "w ProcessName, w LoadOrderGroup, w SvchostGroup"),
    CLASSIC(0, 255, "16", "Power", "o1 S1, o1 S2, o1 S3, o1 S4, o1 S5, u1 Pad1, u1 Pad2, u1 Pad3"),
    CLASSIC(0, 255, "17", "Network",
            "u4 TcbTablePartitions, u4 MaxHashTableSize, u4 MaxUserPort, u4 TcpTimedWaitDelay"),
    CLASSIC(0, 255, "18", "OpticalMedia",
            "u2 DiskNumber, u2 BusType, u2 DeviceType, u2 MediaType, u8 StartingOffset, u8 Size, "
            "u8 NumberOfFreeBlocks, u8 TotalNumberOfBlocks, u8 NextWritableAddress, "
            "u4 NumberOfSessions, u4 NumberOfTracks, u4 BytesPerSector, u2 DiscStatus, "
            "u2 LastSessionStatus, w DriveLetter, w FileSystemName, a DeviceName, "
            "a ManufacturerName"),
    CLASSIC(0, 2, "21", "IRQ",
            "x8 IRQAffinity, u4 IRQNum, u4 DeviceDescriptionLen, w DeviceDescription"),
    CLASSIC(3, 255, "21", "IRQ",
            "x8 IRQAffinity, u2 IRQGroup, u2 Reserved, u4 IRQNum, u4 DeviceDescriptionLen, "
            "w DeviceDescription"),
    CLASSIC(0, 2, "22", "PnP",
            "u4 IDLength, u4 DescriptionLength, u4 FriendlyNameLength, w DeviceID, "
            "w DeviceDescription, w FriendlyName"),
    CLASSIC(3, 3, "22", "PnP",
            "u4 IDLength, u4 DescriptionLength, u4 FriendlyNameLength, u4 PdoNameLength, "
            "u4 ServiceNameLength, w DeviceID, w DeviceDescription, w FriendlyName, w PdoName, "
            "w ServiceName"),
    CLASSIC(4, 4, "22", "PnP",
            "g ClassGuid, u4 UpperFiltersCount, u4 LowerFiltersCount, w DeviceID, "
            "w DeviceDescription, w FriendlyName, w PdoName, w ServiceName, "
            "w*UpperFiltersCount UpperFilters, w*LowerFiltersCount LowerFilters"),
    CLASSIC(5, 255, "22", "PnP",
            "g ClassGuid, u4 UpperFiltersCount, u4 LowerFiltersCount, x4 DevStatus, "
            "u4 DevProblem, w DeviceID, w DeviceDescription, w FriendlyName, w PdoName, "
            "w ServiceName, w*UpperFiltersCount UpperFilters, w*LowerFiltersCount LowerFilters"),
    CLASSIC(0, 255, "23", "IDEChannel",
            "u4 TargetId, u4 DeviceType, u4 DeviceTimingMode, u4 LocationInformationLen, "
            "w LocationInformation"),
    CLASSIC(0, 255, "24", "NumaNode", "u4 NodeCount, x8*NodeCount NodeMap"),
    CLASSIC(0, 255, "25", "Platform",
            "w SystemManufacturer, w SystemProductName, w BiosDate, w BiosVersion"),
    CLASSIC(0, 255, "26", "ProcGroup", "u4 GroupCount, x8*GroupCount Affinity"),
    CLASSIC(0, 255, "27", "ProcNumber", "u4 ProcessorCount, u4*ProcessorCount ProcessorNumber"),
    CLASSIC(0, 255, "28", "DPI", "u4 MachineDPI, u4 UserDPI"),
    CLASSIC(0, 255, "29", "CodeIntegrity", "x4 CodeIntegrityInfo"),
    CLASSIC(0, 255, "30", "TelemetryInfo", "g MachineId"),
    CLASSIC(0, 255, "33", "DeviceFamily", "x8 UapInfo, u4 DeviceFamily, u4 DeviceForm"),
    CLASSIC(0, 255, "34", "FlightIds", "w UpdateId, w FlightIdList"),
    CLASSIC(0, 255, "35", "Processors",
            "u4 ProcessorIndex, x4 FeatureSet, u4 ProcessorSpeed, w64 ProcessorName, "
            "w128 ProcessorIdentifier, w16 VendorIdentifier"),
    CLASSIC(0, 255, "36", "Virtualization",
            "o1 VbsEnabled, o1 HvciEnabled, o1 HyperVisorEnabled, u1 Reserved"),
    CLASSIC(0, 255, "37", "Boot",
            "x8 BootFlags, u4 FirmwareType, o1 SecureBootEnabled, o1 SecureBootCapable, "
            "u1 Reserved1, u1 Reserved2"),
};

static const struct classic_event sys_config[] = {
    CLASSIC(0, 255, "32", "BuildInfo", "t InstallDate, w BuildLab, w ProductName"),
    CLASSIC(0, 255, "33", "SystemPaths", "w SystemDirectory, w SystemWindowsDirectory"),
    CLASSIC(0, 255, "34", "UnknownVolume", "w Value"),
    CLASSIC(0, 255, "35", "VolumeMapping", "w NtPath, w DosPath"),
    CLASSIC(0, 255, "37", "DeviceFamily", "x8 UapInfo, u4 DeviceFamily, u4 DeviceForm"),
};

static const struct classic_event image_id[] = {
    CLASSIC(0, 255, "0", "ImageID",
            "p ImageBase, z ImageSize, u4 ProcessId, x4 TimeDateStamp, w OriginalFileName"),
    CLASSIC(0, 255, "32", "None", "p ImageBase, u4 ProcessId"),
    CLASSIC(0, 255, "36 37", "DbgID_RSDS|DbgID_ILRSDS",
            "p ImageBase, u4 ProcessId, g GuidSig, u4 Age, a PdbFileName"),
    CLASSIC(0, 255, "64", "FileVersion",
            "u4 ImageSize, x4 TimeDateStamp, w OrigFileName, w FileDescription, w FileVersion, "
            "w BinFileVersion, w VerLanguage, w ProductName, w CompanyName, w ProductVersion, "
            "w FileId, w ProgramId"),
};

static const struct classic_event meta_data[] = {
    /* TRACE_EVENT_INFO and EVENT_MAP_INFO of tdh.h; what they say is used, too: event_info.c */
    CLASSIC(0, 255, "32", "EventInfo",
            "g ProviderGuid, g EventGuid, u2 Id, u1 Version, u1 Channel, u1 Level, u1 Opcode, "
            "u2 Task, x8 Keyword, u4 DecodingSource, u4 ProviderNameOffset, u4 LevelNameOffset, "
            "u4 ChannelNameOffset, u4 KeywordsNameOffset, u4 TaskNameOffset, "
            "u4 OpcodeNameOffset, u4 EventMessageOffset, u4 ProviderMessageOffset, "
            "u4 BinaryXMLOffset, u4 BinaryXMLSize, u4 EventNameOffset, "
            "u4 EventAttributesOffset, u4 PropertyCount, u4 TopLevelPropertyCount, x4 Flags, "
            "d Properties"),
    CLASSIC(0, 255, "33", "EventMapInfo",
            "g ProviderGuid, u4 NameOffset, x4 Flag, u4 EntryCount, d Entries"),
};

static const struct classic_event lost_event[] = {
    CLASSIC(0, 255, "32-34", "RTLostEvent|RTLostBuffer|RTLostFile", ""),
};

static const struct classic_event win_sat[] = {
    /* The assessment's XML, compressed with LZNT1. */
    CLASSIC(0, 255, "33 35 37", "WinSPR|Metrics|SystemConfig",
            "u4 HeadersReserved, u4 UncompressedSize, d Data"),
};

static const struct classic_class classes[] = {
    {.id = CLASSIC_ID(0x01853a65, 0x418f, 0x4f36, 0xae, 0xfc, 0xdc, 0x0f, 0x1d, 0x2f, 0xd2, 0x35),
     .name = "SystemConfig",
     .task = "SystemConfig",
     CLASSIC_EVENTS(system_config)},
    {.id = CLASSIC_ID(0x9b79ee91, 0xb5fd, 0x41c0, 0xa2, 0x43, 0x42, 0x48, 0xe2, 0x66, 0xe9, 0xd0),
     .name = "SysConfig",
     .task = "SysConfig",
     CLASSIC_EVENTS(sys_config)   },
    {.id = CLASSIC_ID(0xb3e675d7, 0x2554, 0x4f18, 0x83, 0x0b, 0x27, 0x62, 0x73, 0x25, 0x60, 0xde),
     .name = "KernelTraceControl",
     .task = "ImageID",
     CLASSIC_EVENTS(image_id)     },
    {.id = CLASSIC_ID(0xbbccf6c1, 0x6cd1, 0x48c4, 0x80, 0xff, 0x83, 0x94, 0x82, 0xe3, 0x76, 0x71),
     .name = "KernelTraceControl",
     .task = "MetaData",
     CLASSIC_EVENTS(meta_data)    },
    {.id = CLASSIC_ID(0x6a399ae0, 0x4bc6, 0x4de9, 0x87, 0x0b, 0x36, 0x57, 0xf8, 0x94, 0x7e, 0x7e),
     .name = "LostEvent",
     .task = "LostEvent",
     CLASSIC_EVENTS(lost_event)   },
    {.id = CLASSIC_ID(0xed54dff8, 0xc409, 0x4cf6, 0xbf, 0x83, 0x05, 0xe1, 0xe6, 0x1a, 0x09, 0xc4),
     .name = "WinSAT",
     .task = "WinSAT",
     CLASSIC_EVENTS(win_sat)      },
};

const struct classic_group classic_config = {classes, sizeof classes / sizeof classes[0]};
