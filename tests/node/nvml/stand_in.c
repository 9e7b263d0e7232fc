/* A stand-in for NVIDIA's libnvidia-ml.so.1: it answers as the scenario says that the file in
 * NVML_STAND_IN tells, in which %n is the node's name (nothing outside of Slurm). The file is read
 * by the first call; README.md here has its words. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NVML_NO_UNVERSIONED_FUNC_DEFS
#include <nvml.h>

#define MIB (1ULL << 20)
enum { GPUS = 16, PROCESSES = 16, MIGS = 8, ANSWERS = 16, WORD = 96 };

typedef struct { char function[WORD], error[WORD]; } Answer; /* error "HANG": never answers */

struct nvmlDevice_st {
    char name[WORD], uuid[WORD], device[WORD];
    unsigned long long total, used, reserved; /* MiB */
    nvmlProcessInfo_t process[PROCESSES];
    unsigned processes;
    Answer answer[ANSWERS];
    unsigned answers;
    unsigned compute[2], pcie_width[2], pcie_generation[2]; /* now, at most */
    unsigned nvlinks, nvlinks_off, ecc, ecc_errors[2]; /* corrected, uncorrected */
    unsigned remapped[4], recovery_action, mig_mode, migs, index, gpu_instance, compute_instance;
    unsigned long long clock_reasons;
    nvmlDevice_t parent, mig[MIGS]; /* parent: null unless it is a MIG device */
};

static struct nvmlDevice_st gpu[GPUS], mig[GPUS * MIGS];
static unsigned gpus, migs, is_read;
static char driver[WORD] = "580.65.06";
static unsigned cuda = 13000;
static Answer general[ANSWERS];
static unsigned generals;

static const struct { const char *name; nvmlReturn_t code; } errors[] = {
    {"SUCCESS", NVML_SUCCESS}, {"UNINITIALIZED", NVML_ERROR_UNINITIALIZED},
    {"INVALID_ARGUMENT", NVML_ERROR_INVALID_ARGUMENT},
    {"NOT_SUPPORTED", NVML_ERROR_NOT_SUPPORTED}, {"NO_PERMISSION", NVML_ERROR_NO_PERMISSION},
    {"NOT_FOUND", NVML_ERROR_NOT_FOUND}, {"INSUFFICIENT_SIZE", NVML_ERROR_INSUFFICIENT_SIZE},
    {"DRIVER_NOT_LOADED", NVML_ERROR_DRIVER_NOT_LOADED}, {"TIMEOUT", NVML_ERROR_TIMEOUT},
    {"FUNCTION_NOT_FOUND", NVML_ERROR_FUNCTION_NOT_FOUND},
    {"GPU_IS_LOST", NVML_ERROR_GPU_IS_LOST}, {"RESET_REQUIRED", NVML_ERROR_RESET_REQUIRED},
    {"LIB_RM_VERSION_MISMATCH", NVML_ERROR_LIB_RM_VERSION_MISMATCH},
    {"UNKNOWN", NVML_ERROR_UNKNOWN},
};
enum { ERRORS = sizeof errors / sizeof *errors };

static void refuse(const char *line)
{
    fprintf(stderr, "the stand-in for NVML can't read the scenario's line: %s\n", line);
    abort();
}

static nvmlDevice_t new_gpu(void)
{
    nvmlDevice_t d = &gpu[gpus];
    if (gpus == GPUS)
        refuse("more GPUs than it has room for");
    *d = (struct nvmlDevice_st){
        .name = "NVIDIA H100 80GB HBM3", .total = 81559, .reserved = 552, .compute = {9, 0},
        .pcie_width = {16, 16}, .pcie_generation = {5, 5}, .nvlinks = 18, .ecc = 1, .index = gpus};
    snprintf(d->uuid, WORD, "GPU-00000000-0000-0000-0000-%012u", gpus++);
    return d;
}

static void new_mig(nvmlDevice_t parent, const char *rest)
{
    nvmlDevice_t d = &mig[migs++];
    if (parent->migs == MIGS)
        refuse("more MIG devices than it has room for");
    *d = *parent;
    d->parent = parent;
    d->processes = d->answers = d->reserved = d->migs = 0;
    d->index = parent->migs;
    if (sscanf(rest, "%95s %llu %llu", d->uuid, &d->total, &d->used) < 2)
        refuse(rest);
    d->gpu_instance = d->index + 1;
    parent->mig[parent->migs++] = d;
    parent->mig_mode = 1;
}

static void add_process(nvmlDevice_t d, const char *rest)
{
    nvmlProcessInfo_t *p = &d->process[d->processes++];
    char used[WORD];
    if (d->processes > PROCESSES)
        refuse("more processes than it has room for");
    *p = (nvmlProcessInfo_t){.gpuInstanceId = ~0u, .computeInstanceId = ~0u};
    if (sscanf(rest, "%u %95s %u %u", &p->pid, used, &p->gpuInstanceId, &p->computeInstanceId) < 2)
        refuse(rest);
    p->usedGpuMemory = strcmp(used, "none") ? strtoull(used, 0, 0) * MIB : ~0ULL;
}

static void read_line(char *line)
{
    nvmlDevice_t d = gpus ? &gpu[gpus - 1] : 0;
    Answer *a = d ? &d->answer[d->answers] : &general[generals];
    char word[WORD], *rest = line;
    if (sscanf(line, "%95s", word) < 1 || *word == '#')
        return;
    if (generals == ANSWERS || (d && d->answers == ANSWERS))
        refuse("more answers than it has room for");
    rest = line + strspn(line, " ") + strlen(word);
    rest += strspn(rest, " ");
    rest[strcspn(rest, "\n")] = 0;
#define IS(name, format, least, ...) \
    else if (!strcmp(word, name)) { if (sscanf(rest, format, __VA_ARGS__) < least) refuse(line); }
    if (!strcmp(word, "gpu"))
        new_gpu();
    IS("answer", "%95s %95s", 2, a->function, a->error)
    IS("driver", "%95s", 1, driver)
    IS("cuda", "%u", 1, &cuda)
    else if (!d)
        refuse(line);
    else if (!strcmp(word, "mig"))
        new_mig(d, rest);
    else if (!strcmp(word, "process"))
        add_process(d, rest);
    IS("name", "%95[^\n]", 1, d->name)
    IS("uuid", "%95s", 1, d->uuid)
    IS("device", "%95s", 1, d->device)
    IS("memory", "%llu %llu %llu", 2, &d->total, &d->used, &d->reserved)
    IS("compute", "%u.%u", 2, &d->compute[0], &d->compute[1])
    IS("pcie-width", "%u %u", 2, &d->pcie_width[0], &d->pcie_width[1])
    IS("pcie-generation", "%u %u", 2, &d->pcie_generation[0], &d->pcie_generation[1])
    IS("nvlinks", "%u %u", 1, &d->nvlinks, &d->nvlinks_off)
    IS("ecc", "%u %u %u", 1, &d->ecc, &d->ecc_errors[0], &d->ecc_errors[1])
    IS("remapped", "%u %u %u %u", 4, &d->remapped[0], &d->remapped[1], &d->remapped[2],
       &d->remapped[3])
    IS("recovery-action", "%u", 1, &d->recovery_action)
    IS("clock-reasons", "%lli", 1, (long long *)&d->clock_reasons)
    IS("mig-mode", "%u", 1, &d->mig_mode)
    else
        refuse(line);
    if (!strcmp(word, "answer"))
        d ? d->answers++ : generals++;
}

/* Whether a control group keeps us from the GPU's device file, as Slurm's may. */
static int is_denied(nvmlDevice_t d)
{
    int file = *d->device ? open(d->device, O_RDWR) : -2;
    int denied = file == -1 && errno == EPERM;
    if (file >= 0)
        close(file);
    return denied;
}

static void hide_denied(void)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < gpus; i++)
        if (!is_denied(&gpu[i]))
            gpu[kept++] = gpu[i];
    gpus = kept;
    for (unsigned i = 0; i < gpus; i++)
        gpu[i].index = i;
}

static void read_scenario(void)
{
    char line[256];
    const char *path = getenv("NVML_STAND_IN"), *node = getenv("SLURMD_NODENAME");
    char own[4096];
    const char *mark = path ? strstr(path, "%n") : 0;
    if (mark) {
        snprintf(own, sizeof own, "%.*s%s%s", (int)(mark - path), path, node ? node : "", mark + 2);
        path = own;
    }
    FILE *file = path ? fopen(path, "r") : 0;
    is_read = 1;
    if (!file)
        refuse(path ? path : "NVML_STAND_IN is not set");
    while (fgets(line, sizeof line, file))
        read_line(line);
    fclose(file);
    hide_denied();
}

static nvmlReturn_t answer(const Answer *list, unsigned count, const char *function)
{
    for (unsigned i = 0; i < count; i++) {
        if (strcmp(list[i].function, function) && strcmp(list[i].function, "*"))
            continue;
        while (!strcmp(list[i].error, "HANG"))
            pause();
        for (unsigned e = 0; e < ERRORS; e++)
            if (!strcmp(list[i].error, errors[e].name))
                return errors[e].code;
        refuse(list[i].error);
    }
    return NVML_SUCCESS;
}

/* What the scenario makes a function answer, of a device or (null) of the whole library. */
static nvmlReturn_t said(nvmlDevice_t d, const char *function)
{
    nvmlReturn_t code;
    if (!is_read)
        read_scenario();
    code = answer(general, generals, function);
    if (!code && d)
        code = answer(d->answer, d->answers, function);
    if (!code && d && d->parent)
        code = answer(d->parent->answer, d->parent->answers, function);
    return code;
}

#define SAY(d) do { nvmlReturn_t code = said(d, __func__); if (code) return code; } while (0)

/* FUNCTION(name, parameters beside the device, what it does) */
#define FUNCTION(name, body, ...) \
    nvmlReturn_t name(nvmlDevice_t d, ##__VA_ARGS__) { SAY(d); body; return NVML_SUCCESS; }

static nvmlReturn_t copy(char *to, unsigned length, const char *text)
{
    return (unsigned)snprintf(to, length, "%s", text) < length ? NVML_SUCCESS
                                                               : NVML_ERROR_INSUFFICIENT_SIZE;
}

static nvmlReturn_t list(nvmlDevice_t d, unsigned *count, nvmlProcessInfo_t *infos)
{
    unsigned room = *count;
    *count = d->processes;
    if (d->processes > room)
        return NVML_ERROR_INSUFFICIENT_SIZE;
    if (d->processes)
        memcpy(infos, d->process, d->processes * sizeof *infos);
    return NVML_SUCCESS;
}

/* The library */
nvmlReturn_t nvmlInit_v2(void) { SAY(0); return NVML_SUCCESS; }
nvmlReturn_t nvmlInitWithFlags(unsigned flags) { (void)flags; SAY(0); return NVML_SUCCESS; }
nvmlReturn_t nvmlShutdown(void) { SAY(0); return NVML_SUCCESS; }

const char *nvmlErrorString(nvmlReturn_t code)
{
    for (unsigned e = 0; e < ERRORS; e++)
        if (errors[e].code == code)
            return errors[e].name;
    return "Unknown Error";
}

nvmlReturn_t nvmlSystemGetDriverVersion(char *to, unsigned length)
{
    SAY(0);
    return copy(to, length, driver);
}

nvmlReturn_t nvmlSystemGetNVMLVersion(char *to, unsigned length)
{
    SAY(0);
    return copy(to, length, driver);
}

nvmlReturn_t nvmlSystemGetCudaDriverVersion(int *version) { SAY(0); *version = cuda; return 0; }
nvmlReturn_t nvmlSystemGetCudaDriverVersion_v2(int *version) { SAY(0); *version = cuda; return 0; }
nvmlReturn_t nvmlDeviceGetCount_v2(unsigned *count) { SAY(0); *count = gpus; return 0; }

nvmlReturn_t nvmlDeviceGetHandleByIndex_v2(unsigned index, nvmlDevice_t *device)
{
    SAY(0);
    if (index >= gpus)
        return NVML_ERROR_INVALID_ARGUMENT;
    *device = &gpu[index];
    return said(*device, __func__);
}

nvmlReturn_t nvmlDeviceGetHandleByUUID(const char *uuid, nvmlDevice_t *device)
{
    SAY(0);
    *device = 0;
    for (unsigned i = 0; i < gpus; i++)
        if (!strcmp(gpu[i].uuid, uuid))
            *device = &gpu[i];
    for (unsigned i = 0; i < migs; i++)
        if (!strcmp(mig[i].uuid, uuid))
            *device = &mig[i];
    return *device ? said(*device, __func__) : NVML_ERROR_NOT_FOUND;
}

/* What a device is */
FUNCTION(nvmlDeviceGetIndex, *to = d->index, unsigned *to)
FUNCTION(nvmlDeviceGetMinorNumber, *to = d->index, unsigned *to)
FUNCTION(nvmlDeviceGetName, return copy(to, length, d->name), char *to, unsigned length)
FUNCTION(nvmlDeviceGetUUID, return copy(to, length, d->uuid), char *to, unsigned length)
FUNCTION(nvmlDeviceGetCudaComputeCapability, (*major = d->compute[0], *minor = d->compute[1]),
         int *major, int *minor)

nvmlReturn_t nvmlDeviceGetPciInfo_v3(nvmlDevice_t d, nvmlPciInfo_t *to)
{
    SAY(d);
    *to = (nvmlPciInfo_t){.bus = 0x10 + d->index, .pciDeviceId = 0x233010de};
    snprintf(to->busId, sizeof to->busId, "00000000:%02X:00.0", to->bus);
    snprintf(to->busIdLegacy, sizeof to->busIdLegacy, "0000:%02X:00.0", to->bus);
    return NVML_SUCCESS;
}

/* Memory, and who holds it */
FUNCTION(nvmlDeviceGetMemoryInfo,
         (to->total = d->total * MIB, to->used = (d->used + d->reserved) * MIB,
          to->free = to->total - to->used),
         nvmlMemory_t *to)
FUNCTION(nvmlDeviceGetMemoryInfo_v2,
         (to->total = d->total * MIB, to->used = d->used * MIB, to->reserved = d->reserved * MIB,
          to->free = to->total - to->used - to->reserved),
         nvmlMemory_v2_t *to)
FUNCTION(nvmlDeviceGetComputeRunningProcesses_v3, return list(d, count, to),
         unsigned *count, nvmlProcessInfo_t *to)
FUNCTION(nvmlDeviceGetGraphicsRunningProcesses_v3, ((void)to, *count = 0),
         unsigned *count, nvmlProcessInfo_t *to)
FUNCTION(nvmlDeviceGetUtilizationRates, (to->gpu = 0, to->memory = 0), nvmlUtilization_t *to)

/* Health */
FUNCTION(nvmlDeviceGetCurrentClocksEventReasons, *to = d->clock_reasons, unsigned long long *to)
FUNCTION(nvmlDeviceGetCurrentClocksThrottleReasons, *to = d->clock_reasons, unsigned long long *to)
FUNCTION(nvmlDeviceGetRemappedRows,
         (*corrected = d->remapped[0], *uncorrected = d->remapped[1], *pending = d->remapped[2],
          *failed = d->remapped[3]),
         unsigned *corrected, unsigned *uncorrected, unsigned *pending, unsigned *failed)
FUNCTION(nvmlDeviceGetEccMode, *now = *pending = d->ecc ? NVML_FEATURE_ENABLED : 0,
         nvmlEnableState_t *now, nvmlEnableState_t *pending)
FUNCTION(nvmlDeviceGetTotalEccErrors,
         if (!d->ecc) return NVML_ERROR_NOT_SUPPORTED; (void)counter; *to = d->ecc_errors[type],
         nvmlMemoryErrorType_t type, nvmlEccCounterType_t counter, unsigned long long *to)
FUNCTION(nvmlDeviceGetTemperature, ((void)sensor, *to = 30), nvmlTemperatureSensors_t sensor,
         unsigned *to)

nvmlReturn_t nvmlDeviceGetFieldValues(nvmlDevice_t d, int count, nvmlFieldValue_t *values)
{
    SAY(d);
    for (int i = 0; i < count; i++) {
        int known = values[i].fieldId == NVML_FI_DEV_GET_GPU_RECOVERY_ACTION;
        values[i].nvmlReturn = known ? NVML_SUCCESS : NVML_ERROR_NOT_SUPPORTED;
        values[i].valueType = NVML_VALUE_TYPE_UNSIGNED_INT;
        values[i].value.uiVal = d->recovery_action;
    }
    return NVML_SUCCESS;
}

/* Links */
FUNCTION(nvmlDeviceGetNvLinkState,
         if (link >= d->nvlinks) return NVML_ERROR_INVALID_ARGUMENT;
         *to = link >= d->nvlinks_off ? NVML_FEATURE_ENABLED : NVML_FEATURE_DISABLED,
         unsigned link, nvmlEnableState_t *to)
FUNCTION(nvmlDeviceGetCurrPcieLinkWidth, *to = d->pcie_width[0], unsigned *to)
FUNCTION(nvmlDeviceGetMaxPcieLinkWidth, *to = d->pcie_width[1], unsigned *to)
FUNCTION(nvmlDeviceGetCurrPcieLinkGeneration, *to = d->pcie_generation[0], unsigned *to)
FUNCTION(nvmlDeviceGetMaxPcieLinkGeneration, *to = d->pcie_generation[1], unsigned *to)

/* MIG */
FUNCTION(nvmlDeviceGetMigMode, *now = *pending = d->mig_mode, unsigned *now, unsigned *pending)
FUNCTION(nvmlDeviceGetMaxMigDeviceCount, *to = d->mig_mode ? 7 : 0, unsigned *to)
FUNCTION(nvmlDeviceIsMigDeviceHandle, *to = !!d->parent, unsigned *to)
FUNCTION(nvmlDeviceGetGpuInstanceId, *to = d->gpu_instance, unsigned *to)
FUNCTION(nvmlDeviceGetComputeInstanceId, *to = d->compute_instance, unsigned *to)
FUNCTION(nvmlDeviceGetMigDeviceHandleByIndex,
         if (index >= d->migs) return NVML_ERROR_NOT_FOUND; *to = d->mig[index],
         unsigned index, nvmlDevice_t *to)
FUNCTION(nvmlDeviceGetDeviceHandleFromMigDeviceHandle,
         if (!d->parent) return NVML_ERROR_NOT_FOUND; *to = d->parent, nvmlDevice_t *to)
