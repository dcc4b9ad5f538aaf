/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/check.h"
#include "tests/relay/store_kit.h"

/*
 * The power fails. A layer below SQLite copies each file to another folder whenever it is synced,
 * so that there lies what a disk has at least: nothing that was written since. A store opened on
 * that copy must have all that was acknowledged.
 */
enum { PUTS = 60, LOOK_EACH = 4, BODY_SIZE = 300 * 1000 };

static struct kit kit;
static struct kit disk; /* what is left when the power fails */
static char body[BODY_SIZE];
static unsigned syncs;

/* A file of the layer; SQLite's own follows it. */
struct layer_file {
    sqlite3_file file;
    sqlite3_file *below;
    char name[128];
};

static struct layer_file *of(sqlite3_file *file)
{
    return (struct layer_file *)(void *)file;
}

static sqlite3_file *below(sqlite3_file *file)
{
    return of(file)->below;
}

static int layer_close(sqlite3_file *file)
{
    return below(file)->pMethods->xClose(below(file));
}

static int layer_read(sqlite3_file *file, void *data, int size, sqlite3_int64 offset)
{
    return below(file)->pMethods->xRead(below(file), data, size, offset);
}

static int layer_write(sqlite3_file *file, const void *data, int size, sqlite3_int64 offset)
{
    return below(file)->pMethods->xWrite(below(file), data, size, offset);
}

static int layer_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    return below(file)->pMethods->xTruncate(below(file), size);
}

static void copy_file(const char *from_path, const char *to_path)
{
    static char block[65536];
    const int from = open(from_path, O_RDONLY | O_CLOEXEC);
    const int to = open(to_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ssize_t got = 0;
    assert_true(from >= 0 && to >= 0);
    while ((got = read(from, block, sizeof block)) > 0) {
        assert_int_equal(write(to, block, (size_t)got), got);
    }
    assert_int_equal(got, 0);
    (void)close(from);
    (void)close(to);
}

/* What is in the file now is on disk. */
static void keep_copy(const struct layer_file *file)
{
    char path[128];
    kit_path(&disk, strrchr(file->name, '/') + 1, path);
    copy_file(file->name, path);
    syncs++;
}

static int layer_sync(sqlite3_file *file, int flags)
{
    const int code = below(file)->pMethods->xSync(below(file), flags);
    if (code == SQLITE_OK) {
        keep_copy(of(file));
    }
    return code;
}

static int layer_size(sqlite3_file *file, sqlite3_int64 *size)
{
    return below(file)->pMethods->xFileSize(below(file), size);
}

static int layer_lock(sqlite3_file *file, int lock)
{
    return below(file)->pMethods->xLock(below(file), lock);
}

static int layer_unlock(sqlite3_file *file, int lock)
{
    return below(file)->pMethods->xUnlock(below(file), lock);
}

static int layer_check_lock(sqlite3_file *file, int *reserved)
{
    return below(file)->pMethods->xCheckReservedLock(below(file), reserved);
}

static int layer_control(sqlite3_file *file, int what, void *data)
{
    return below(file)->pMethods->xFileControl(below(file), what, data);
}

static int layer_sector(sqlite3_file *file)
{
    return below(file)->pMethods->xSectorSize(below(file));
}

static int layer_traits(sqlite3_file *file)
{
    return below(file)->pMethods->xDeviceCharacteristics(below(file));
}

static int layer_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **data)
{
    return below(file)->pMethods->xShmMap(below(file), page, size, extend, data);
}

static int layer_shm_lock(sqlite3_file *file, int offset, int count, int flags)
{
    return below(file)->pMethods->xShmLock(below(file), offset, count, flags);
}

static void layer_shm_barrier(sqlite3_file *file)
{
    below(file)->pMethods->xShmBarrier(below(file));
}

static int layer_shm_unmap(sqlite3_file *file, int forget)
{
    return below(file)->pMethods->xShmUnmap(below(file), forget);
}

static sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = layer_close,
    .xRead = layer_read,
    .xWrite = layer_write,
    .xTruncate = layer_truncate,
    .xSync = layer_sync,
    .xFileSize = layer_size,
    .xLock = layer_lock,
    .xUnlock = layer_unlock,
    .xCheckReservedLock = layer_check_lock,
    .xFileControl = layer_control,
    .xSectorSize = layer_sector,
    .xDeviceCharacteristics = layer_traits,
    .xShmMap = layer_shm_map,
    .xShmLock = layer_shm_lock,
    .xShmBarrier = layer_shm_barrier,
    .xShmUnmap = layer_shm_unmap,
};

static sqlite3_vfs *system_vfs;
static sqlite3_vfs layer;

static int layer_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
                      int *flags_out)
{
    struct layer_file *made = of(file);
    (void)vfs;
    *made = (struct layer_file){.below = (sqlite3_file *)(void *)(made + 1)};
    (void)snprintf(made->name, sizeof made->name, "%s", name != NULL ? name : "");
    const int code = system_vfs->xOpen(system_vfs, name, made->below, flags, flags_out);
    made->file.pMethods = made->below->pMethods != NULL ? &methods : NULL;
    return code;
}

static int set_up(void **state)
{
    (void)state;
    memset(body, 'b', sizeof body);
    if (!kit_make(&kit) || !kit_make(&disk)) {
        return -1;
    }
    system_vfs = sqlite3_vfs_find(NULL);
    layer = *system_vfs;
    layer.zName = "layer";
    layer.szOsFile = (int)sizeof(struct layer_file) + system_vfs->szOsFile;
    layer.xOpen = layer_open;
    syncs = 0;
    return sqlite3_vfs_register(&layer, 1);
}

static int tear_down(void **state)
{
    (void)state;
    kit_remove(&kit);
    kit_remove(&disk);
    return sqlite3_vfs_register(system_vfs, 1);
}

static void put_large(uint64_t sequence)
{
    struct kit_batch put;
    kit_batch(&put, 1, sequence, 10);
    put.incoming.body = body;
    put.incoming.size = sizeof body;
    assert_int_equal(kit_put(&kit, &put), STORE_STORED);
}

/* The rows of a store that comes up from what is on the disk. That is copied once more. */
static int64_t rows_after_failure(void)
{
    static const char *const names[] = {"etwas.db", "etwas.db-wal"};
    struct kit up;
    struct store_reader *reader = NULL;
    struct store_batch batch;
    struct store_range range = {.row = 0, .from = INT64_MIN, .to = INT64_MAX};
    assert_true(kit_make(&up));
    for (size_t i = 0; i < 2; i++) {
        char from[128];
        char to[128];
        kit_path(&disk, names[i], from);
        kit_path(&up, names[i], to);
        copy_file(from, to);
    }
    assert_int_equal(sqlite3_vfs_register(system_vfs, 1), SQLITE_OK);
    kit_open(&up);
    assert_int_equal(store_reader_open(up.store, &reader, &up.error), ETWAS_OK);
    while (store_next(reader, &range, &batch, &up.error) == ETWAS_OK) {
        assert_int_equal(batch.row, range.row + 1);
        assert_memory_equal(batch.body, body, sizeof body);
        range.row = batch.row;
    }
    store_reader_close(reader);
    assert_int_equal(store_last_row(up.store), range.row);
    kit_remove(&up);
    assert_int_equal(sqlite3_vfs_register(&layer, 1), SQLITE_OK);
    return range.row;
}

static void what_was_acknowledged_survives_a_power_failure(void **state)
{
    (void)state;
    kit_open(&kit);
    for (uint64_t i = 1; i <= PUTS; i++) {
        const unsigned before = syncs;
        uint64_t removed = 0;
        put_large(i);
        assert_true(syncs > before);
        if (i % LOOK_EACH == 0) {
            assert_int_equal(rows_after_failure(), i);
        }
        /* The log is taken over and begun anew more than once on the way. */
        assert_int_equal(store_retain(kit.store, 0, &removed, &kit.error), ETWAS_OK);
        if (i % LOOK_EACH == 1) {
            assert_int_equal(rows_after_failure(), i);
        }
    }
    struct stat info;
    char path[128];
    kit_path(&kit, "etwas.db", path);
    assert_int_equal(stat(path, &info), 0);
    assert_true(info.st_size > (off_t)PUTS / 2 * BODY_SIZE);
}

static void without_shared_memory_there_is_no_store(void **state)
{
    (void)state;
    methods.iVersion = 1;
    const enum etwas_status status = store_open(&kit.options, &kit.store, &kit.error);
    methods.iVersion = 2;
    assert_int_equal(status, ETWAS_MALFORMED);
    assert_non_null(strstr(kit.error.doing, "shared memory"));
    kit_open(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_acknowledged_survives_a_power_failure, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(without_shared_memory_there_is_no_store, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
