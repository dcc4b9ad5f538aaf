/* SPDX-License-Identifier: MIT */
#include "monitor/etw/classic.h"

static const struct classic_event event_trace[] = {
    {2, 2, "0", "Header",
     "u4 BufferSize, u4 Version, u4 ProviderVersion, u4 NumberOfProcessors, t EndTime, "
     "u4 TimerResolution, u4 MaxFileSize, x4 LogFileMode, u4 BuffersWritten, u4 StartBuffers, "
     "u4 PointerSize, u4 EventsLost, u4 CPUSpeed, p LoggerName, p LogFileNamePointer, "
     "i4 Bias, b172 TimeZone, t BootTime, u8 PerfFreq, t StartTime, u4 ReservedFlags, "
     "u4 BuffersLost, w SessionName, w LogFileName"},
};

const struct classic_class classic_classes[] = {
  /* EventTraceEvent 68fdd900-4a3e-11d1-84f4-0000f80464e3 */
    {{0x00, 0xd9, 0xfd, 0x68, 0x3e, 0x4a, 0xd1, 0x11, 0x84, 0xf4, 0x00, 0x00, 0xf8, 0x04, 0x64,
      0xe3},
     "EventTrace", event_trace,
     sizeof event_trace / sizeof event_trace[0]},
};

const size_t classic_class_count = sizeof classic_classes / sizeof classic_classes[0];
