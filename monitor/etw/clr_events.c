/* SPDX-License-Identifier: MIT */
#include "monitor/etw/clr_events.h"

#include <string.h>

#include "monitor/etw/table.h"

enum clr_provider { CLR_RUNTIME, CLR_RUNDOWN, CLR_PRIVATE, CLR_STRESS, CLR_PROVIDER_COUNT };

struct provider {
    uint8_t id[SCHEMAS_ID_SIZE];
    const char *name;
};

static const struct provider providers[CLR_PROVIDER_COUNT] = {
  /* e13c0d23-ccbc-4e12-931b-d9cc2eee27e4 */
    [CLR_RUNTIME] = {{0x23, 0x0d, 0x3c, 0xe1, 0xbc, 0xcc, 0x12, 0x4e, 0x93, 0x1b, 0xd9, 0xcc, 0x2e,
                      0xee, 0x27, 0xe4},
                     "Microsoft-Windows-DotNETRuntime"       },
 /* a669021c-c450-4609-a035-5af59af4df18 */
    [CLR_RUNDOWN] = {{0x1c, 0x02, 0x69, 0xa6, 0x50, 0xc4, 0x09, 0x46, 0xa0, 0x35, 0x5a, 0xf5, 0x9a,
                      0xf4, 0xdf, 0x18},
                     "Microsoft-Windows-DotNETRuntimeRundown"},
 /* 763fd754-7086-4dfe-95eb-c01a46faf4ca */
    [CLR_PRIVATE] = {{0x54, 0xd7, 0x3f, 0x76, 0x86, 0x70, 0xfe, 0x4d, 0x95, 0xeb, 0xc0, 0x1a, 0x46,
                      0xfa, 0xf4, 0xca},
                     "Microsoft-Windows-DotNETRuntimePrivate"},
 /* cc2bcbba-16b6-4cf3-8990-d74c2e8af500 */
    [CLR_STRESS] = {{0xba, 0xcb, 0x2b, 0xcc, 0xb6, 0x16, 0xf3, 0x4c, 0x89, 0x90, 0xd7, 0x4c, 0x2e,
                     0x8a, 0xf5, 0x00},
                     "Microsoft-Windows-DotNETRuntimeStress" },
};

struct clr_event {
    uint8_t provider; /* enum clr_provider */
    uint8_t version;
    uint16_t id;
    uint16_t last_id; /* of those that lie the same */
    const char *task;
    const char *names; /* of each id, with | between */
    const char *fields;
};

#define CLR(from, of_version, first, last, of_task, called, lies)                                  \
    {                                                                                              \
        .provider = (from), .version = (of_version), .id = (first), .last_id = (last),             \
        .task = (of_task), .names = (called), .fields = (lies)                                     \
    }
#define STACK "u2 ClrInstanceID, u1 Reserved1, u1 Reserved2, u4 FrameCount, p*FrameCount Stack"
#define HEAP_STATS                                                                                 \
    "u8 GenerationSize0, u8 TotalPromotedSize0, u8 GenerationSize1, u8 TotalPromotedSize1, "       \
    "u8 GenerationSize2, u8 TotalPromotedSize2, u8 GenerationSize3, u8 TotalPromotedSize3, "       \
    "u8 FinalizationPromotedSize, u8 FinalizationPromotedCount, u4 PinnedObjectCount, "            \
    "u4 SinkBlockCount, u4 GCHandleCount, u2 ClrInstanceID"
#define ALLOCATION                                                                                 \
    "u4 AllocationAmount, u4 AllocationKind, u2 ClrInstanceID, u8 AllocationAmount64, p TypeID, "  \
    "w TypeName, u4 HeapIndex"
#define GLOBAL_HEAP                                                                                \
    "u8 FinalYoungestDesired, i4 NumHeaps, u4 CondemnedGeneration, u4 Gen0ReductionCount, "        \
    "u4 Reason, x4 GlobalMechanisms, u2 ClrInstanceID"
#define PER_HEAP                                                                                   \
    "u2 ClrInstanceID, p FreeListAllocated, p FreeListRejected, p EndOfSegAllocated, "             \
    "p CondemnedAllocated, p PinnedAllocated, p PinnedAllocatedAdvance, "                          \
    "u4 RunningFreeListEfficiency, u4 CondemnReasons0, u4 CondemnReasons1, "                       \
    "u4 CompactMechanisms, u4 ExpandMechanisms, u4 HeapIndex, p ExtraGen0Commit, u4 Count, "       \
    "{p SizeBefore, p FreeListBefore, p FreeObjBefore, p SizeAfter, p FreeListAfter, "             \
    "p FreeObjAfter, p In, p PinnedSurv, p NonePinnedSurv, p NewAllocation}*Count Values"
#define BINDING                                                                                    \
    "u4 AppDomainID, u4 LoadContextID, u4 FromLoaderCache, u4 DynamicLoad, w AssemblyCodebase, "   \
    "w AssemblyName, u2 ClrInstanceID"

/* Of one id, the newest version first. */
static const struct clr_event events[] = {
    CLR(CLR_RUNTIME, 0, 82, 82, "CLRStack", "CLRStackWalk", STACK),
    CLR(CLR_RUNDOWN, 0, 0, 0, "CLRStack", "CLRStackWalkDCStart", STACK),
    CLR(CLR_PRIVATE, 0, 151, 151, "CLRStack", "CLRStackWalkPrivate", STACK),
    CLR(CLR_STRESS, 0, 1, 1, "CLRStack", "CLRStackWalkStress", STACK),
    CLR(CLR_RUNTIME, 2, 1, 1, "GC", "GCStart_V2",
        "u4 Count, u4 Depth, u4 Reason, u4 Type, u2 ClrInstanceID, u8 ClientSequenceNumber"),
    CLR(CLR_RUNTIME, 2, 4, 4, "GC", "GCHeapStats_V2",
        HEAP_STATS ", u8 GenerationSize4, u8 TotalPromotedSize4"),
    CLR(CLR_RUNTIME, 1, 4, 4, "GC", "GCHeapStats_V1", HEAP_STATS),
    CLR(CLR_RUNTIME, 4, 10, 10, "GC", "GCAllocationTick_V4",
        ALLOCATION ", p Address, u8 ObjectSize"),
    CLR(CLR_RUNTIME, 3, 10, 10, "GC", "GCAllocationTick_V3", ALLOCATION ", p Address"),
    CLR(CLR_RUNTIME, 2, 10, 10, "GC", "GCAllocationTick_V2", ALLOCATION),
    CLR(CLR_RUNTIME, 3, 204, 204, "GC", "GCPerHeapHistory_V3", PER_HEAP),
    CLR(CLR_RUNTIME, 4, 205, 205, "GC", "GCGlobalHeapHistory_V4",
        GLOBAL_HEAP ", u4 PauseMode, u4 MemoryPressure, u4 CondemnReasons0, u4 CondemnReasons1, "
                    "u4 Count, u4*Count Values"),
    CLR(CLR_RUNTIME, 3, 205, 205, "GC", "GCGlobalHeapHistory_V3",
        GLOBAL_HEAP ", u4 PauseMode, u4 MemoryPressure, u4 CondemnReasons0, u4 CondemnReasons1"),
    CLR(CLR_RUNTIME, 2, 205, 205, "GC", "GCGlobalHeapHistory_V2",
        GLOBAL_HEAP ", u4 PauseMode, u4 MemoryPressure"),
    CLR(CLR_RUNTIME, 2, 203, 203, "GC", "GCJoin_V2",
        "u4 Heap, u4 JoinTime, u4 JoinType, u2 ClrInstanceID, u4 JoinID"),
    CLR(CLR_RUNTIME, 0, 202, 202, "GC", "GCMarkWithType",
        "u4 HeapNum, u2 ClrInstanceID, u4 Type, u8 Bytes"),
    /* Arrays of these two are the runtime's own structures, aligned as compilers do. */
    CLR(CLR_RUNTIME, 0, 208, 208, "GC", "GCLOHCompact",
        "u2 ClrInstanceID, u2 Count, {u4 TimePlan, u4 TimeCompact, u4 TimeRelocate, q4 Pad, "
        "z TotalRefs, z ZeroRefs}*Count Values"),
    CLR(CLR_RUNTIME, 0, 209, 209, "GC", "GCFitBucketInfo",
        "u2 ClrInstanceID, u2 BucketKind, u8 TotalSize, u2 Count, "
        "{u2 Index, b2 Pad, u4 Count, z Size}*Count Values"),
    CLR(CLR_PRIVATE, 1, 1, 1, "GC", "GCDecision_V1", "o4 DoCompact, u2 ClrInstanceID"),
    CLR(CLR_PRIVATE, 1, 2, 2, "GC", "GCSettings_V1",
        "u8 SegmentSize, u8 LargeObjectSegmentSize, o4 ServerGC, u2 ClrInstanceID"),
    /* The runtime's own structure, which no manifest describes. */
    CLR(CLR_PRIVATE, 2, 4, 4, "GC", "GCPerHeapHistory_V2", ""),
    CLR(CLR_PRIVATE, 1, 5, 5, "GC", "GCGlobalHeapHistory_V1", GLOBAL_HEAP),
    CLR(CLR_PRIVATE, 1, 7, 10, "GC",
        "GCMarkStackRoots_V1|GCMarkFinalizeQueueRoots_V1|GCMarkHandles_V1|GCMarkCards_V1",
        "u4 HeapNum, u2 ClrInstanceID"),
    CLR(CLR_PRIVATE, 0, 159, 176, "Binding",
        "BindingPolicyPhaseStart|BindingPolicyPhaseEnd|BindingNgenPhaseStart|BindingNgenPhaseEnd|"
        "BindingLookupAndProbingPhaseStart|BindingLookupAndProbingPhaseEnd|LoaderPhaseStart|"
        "LoaderPhaseEnd|BindingPhaseStart|BindingPhaseEnd|BindingDownloadPhaseStart|"
        "BindingDownloadPhaseEnd|LoaderAssemblyInitPhaseStart|LoaderAssemblyInitPhaseEnd|"
        "LoaderMappingPhaseStart|LoaderMappingPhaseEnd|LoaderDeliverEventsPhaseStart|"
        "LoaderDeliverEventsPhaseEnd",
        BINDING),
    CLR(CLR_PRIVATE, 0, 188, 188, "CLRNgenBinder", "NgenBind",
        "u2 ClrInstanceID, u8 BindingID, u4 ReasonCode, w AssemblyName"),
    CLR(CLR_PRIVATE, 0, 196, 196, "Binding", "FusionMessage",
        "u2 ClrInstanceID, o4 Prepend, w Message"),
};

static const struct clr_event *find(const struct etl_record *record)
{
    const struct clr_event *older = NULL;
    for (size_t i = 0; record->provider_id != NULL && i < sizeof events / sizeof events[0]; i++) {
        const struct clr_event *event = &events[i];
        if (record->id < event->id || record->id > event->last_id ||
            memcmp(providers[event->provider].id, record->provider_id, SCHEMAS_ID_SIZE) != 0) {
            continue;
        }
        if (event->version == record->version) {
            return event;
        }
        if (event->version < record->version && older == NULL) {
            older = event;
        }
    }
    return older;
}

static const char *name_of(const struct clr_event *event, uint16_t id, struct arena *arena)
{
    const char *at = event->names;
    for (uint16_t other = event->id; other < id; other++) {
        const char *bar = strchr(at, '|');
        at = bar != NULL ? bar + 1 : at;
    }
    const size_t size = strcspn(at, "|");
    char *name = arena_take(arena, size + 1);
    if (name != NULL) {
        memcpy(name, at, size);
        name[size] = '\0';
    }
    return name;
}

const struct etw_layout *clr_events_layout(const struct etl_record *record, bool always,
                                           const struct schemas_options *options,
                                           struct arena *arena)
{
    const struct clr_event *event = record->kind == ETL_EVENT ? find(record) : NULL;
    if (event == NULL || (always && strcmp(event->task, "CLRStack") != 0)) {
        return NULL;
    }
    const char *name = name_of(event, record->id, arena);
    struct etw_layout *layout = arena_take(arena, sizeof *layout);
    if (name == NULL || layout == NULL) {
        return NULL;
    }
    *layout = (struct etw_layout){
        .schema = {.provider = providers[event->provider].name,
                   .provider_id = providers[event->provider].id,
                   .task_name = event->task,
                   .event_name = name},
        .source = ETW_MANIFEST,
        .pointer_size = record->pointer_size,
        .raw_values = options->raw_values,
        .keep_values = options->keep_values,
        .nearest = event->version != record->version
    };
    return table_layout(layout, event->fields, arena) ? layout : NULL;
}
