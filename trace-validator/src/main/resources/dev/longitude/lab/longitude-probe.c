/*
 * longitude-probe: drives the KVM of this machine through fixed and random sequences of the operations that set or read
 * a guest's time, with small guests that read their counters, and writes each sequence as a log for
 * `longitude validate`. Linux, x86-64 and arm64; one file:
 *
 *     cc -O2 -pthread -o longitude-probe longitude-probe.c
 *
 * Unlike a recorder it knows what its guests did, and takes the host's counter itself, right before and after each
 * ioctl. It uses VMs of its own only. trace-validator/LOG-FORMAT.md describes the log, trace-validator/LAB.md the
 * sequences.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/kvm.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#if defined(__x86_64__)
#define X86 1
#define COUNTER "host_tsc"
static uint64_t counter(void) {
    uint32_t lo, hi;
    __asm__ volatile("lfence\n\trdtsc\n\tlfence" : "=a"(lo), "=d"(hi)::"memory");
    return lo | (uint64_t)hi << 32;
}
#elif defined(__aarch64__)
#define X86 0
#define COUNTER "host_cntvct"
static uint64_t counter(void) {
    uint64_t value;
    __asm__ volatile("isb\n\tmrs %0, cntvct_el0\n\tisb" : "=r"(value)::"memory");
    return value;
}
#else
#error "longitude-probe supports x86-64 and arm64 only"
#endif

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define SECOND UINT64_C(1000000000)

static const char *folder = ".";
static int kvm;
static size_t run_size;
static uint64_t host_hz; /* the rate of the host's counter */

static void __attribute__((noreturn, format(printf, 1, 2))) fail(const char *format, ...) {
    va_list args;
    va_start(args, format);
    fputs("longitude-probe: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(2);
}

static uint64_t nanoseconds(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec;
}

static void wait_ms(unsigned ms) {
    struct timespec time = {ms / 1000, (long)(ms % 1000) * 1000000};
    while (nanosleep(&time, &time) && errno == EINTR) {
    }
}

static void pin(unsigned cpu) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu % (unsigned)sysconf(_SC_NPROCESSORS_ONLN), &set);
    sched_setaffinity(0, sizeof set, &set); /* (a CPU that is not allowed: anywhere else) */
}

/* ---- the log ---- */

static FILE *sequence_log;
static uint64_t records;
static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static __thread const char *thread_name;

/* What is known of the last call of this thread. */
static __thread struct {
    uint64_t before, after, t, rt;
    int cpu, error;
} last;

/* An ioctl between two reads of the host's counter. */
static long call(int fd, unsigned long request, void *argument) {
    last.before = counter();
    long result = ioctl(fd, request, argument);
    last.error = result < 0 ? errno : 0;
    last.after = counter();
    last.t = nanoseconds(CLOCK_MONOTONIC);
    last.rt = nanoseconds(CLOCK_REALTIME);
    last.cpu = sched_getcpu();
    return result;
}

/* An instant instead of a call. */
static void instant(void) {
    last.before = last.after = counter();
    last.error = 0;
    last.t = nanoseconds(CLOCK_MONOTONIC);
    last.rt = nanoseconds(CLOCK_REALTIME);
    last.cpu = sched_getcpu();
}

/* The members of a JSON object, such as "clock":5,"flags":2. */
struct members {
    char text[512];
};

static struct members __attribute__((format(printf, 1, 2))) members(const char *format, ...) {
    struct members made;
    va_list args;
    va_start(args, format);
    vsnprintf(made.text, sizeof made.text, format, args);
    va_end(args);
    return made;
}

static const struct members NONE;

/* Writes the last call of this thread. vm, vcpu: -1 if it has none. */
static void record(const char *op, int vm, int vcpu, struct members args, long result, struct members out) {
    char numbers[64] = "";
    if (vm >= 0) {
        snprintf(numbers, sizeof numbers, "\"vm\":%d,", vm);
    }
    if (vcpu >= 0) {
        snprintf(numbers + strlen(numbers), sizeof numbers - strlen(numbers), "\"vcpu\":%d,", vcpu);
    }
    char label[64] = "";
    if (thread_name) {
        snprintf(label, sizeof label, "\"thread\":\"%s\"%s", thread_name, *args.text ? "," : "");
    }
    pthread_mutex_lock(&log_lock);
    fprintf(sequence_log,
            "{\"seq\":%" PRIu64 ",\"t\":%" PRIu64 ",\"rt\":%" PRIu64 ",\"pcpu\":%d,%s\"op\":\"%s\",\"args\":{%s%s},\"ret\":%ld,"
            "\"errno\":%d,\"out\":{%s},\"" COUNTER "\":[%" PRIu64 ",%" PRIu64 "]}\n",
            records++, last.t, last.rt, last.cpu, numbers, op, label, args.text, result, last.error, out.text, last.before,
            last.after);
    pthread_mutex_unlock(&log_lock);
}

static void __attribute__((format(printf, 1, 2))) note(const char *format, ...) {
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    instant();
    record("note", -1, -1, members("\"text\":\"%s\"", text), 0, NONE);
}

/* ---- chance ---- */

static __thread uint64_t chance;

static uint64_t below(uint64_t n) { /* (Marsaglia's xorshift, with the shifts 13, 7, 17) */
    chance ^= chance << 13;
    chance ^= chance >> 7;
    chance ^= chance << 17;
    return chance % n;
}

static void seed_chance(uint64_t seed) {
    chance = UINT64_C(0x9e3779b97f4a7c15) * (seed + 1);
    for (int i = 0; i < 8; i++) {
        below(2);
    }
}

static void wait_by_chance(void) {
    static const unsigned MS[] = {1, 3, 10, 30, 100, 300, 700, 1100};
    wait_ms(MS[below(COUNT(MS))]);
}

/* ---- VMs ---- */

enum { MOST_VCPUS = 8, MEMORY = 0x20000, RESULTS = 0x2000 };

struct vm {
    int number, fd, vcpus;
    int id[MOST_VCPUS], vcpu[MOST_VCPUS];
    struct kvm_run *run[MOST_VCPUS];
    uint8_t *memory;
};

static int vms;

static void set_up_memory(struct vm *vm); /* the guest's code */
static bool set_up_vcpu(struct vm *vm, int i);

static struct vm *create_vm(void) {
    struct vm *vm = calloc(1, sizeof *vm);
    if (!vm) {
        fail("out of memory");
    }
    pthread_mutex_lock(&log_lock);
    vm->number = vms++;
    pthread_mutex_unlock(&log_lock);
    vm->fd = (int)call(kvm, KVM_CREATE_VM, NULL);
    record("KVM_CREATE_VM", vm->number, -1, NONE, vm->fd < 0 ? -1 : 0, NONE);
    vm->memory = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (vm->fd < 0 || vm->memory == MAP_FAILED) {
        fail("no VM can be made: %s", strerror(errno));
    }
    set_up_memory(vm);
    return vm;
}

static void add_vcpu_with_id(struct vm *vm, int id) {
    int i = vm->vcpus;
    vm->id[i] = id;
    vm->vcpu[i] = (int)call(vm->fd, KVM_CREATE_VCPU, (void *)(intptr_t)id);
    record("KVM_CREATE_VCPU", vm->number, id, members("\"id\":%d", id), vm->vcpu[i] < 0 ? -1 : 0, NONE);
    if (vm->vcpu[i] < 0) {
        fail("no vCPU %d can be made: %s", id, strerror(last.error));
    }
    vm->run[i] = mmap(NULL, run_size, PROT_READ | PROT_WRITE, MAP_SHARED, vm->vcpu[i], 0);
    vm->vcpus++;
    if (vm->run[i] == MAP_FAILED || !set_up_vcpu(vm, i)) {
        fail("vCPU %d cannot be set up: %s", id, strerror(errno));
    }
}

static void add_vcpu(struct vm *vm) {
    add_vcpu_with_id(vm, vm->vcpus);
}

static struct vm *create_vm_of(int vcpus) {
    struct vm *vm = create_vm();
    for (int i = 0; i < vcpus; i++) {
        add_vcpu(vm);
    }
    return vm;
}

static void close_vm(struct vm *vm) {
    for (int i = 0; i < vm->vcpus; i++) {
        munmap(vm->run[i], run_size);
        close(vm->vcpu[i]);
    }
    close(vm->fd);
    munmap(vm->memory, MEMORY);
    instant();
    record("close_vm", vm->number, -1, NONE, 0, NONE);
    free(vm);
}

/* Enters the guest, again if a signal prevented it. */
static long enter(struct vm *vm, int i) {
    long result;
    int times = 0;
    do {
        result = call(vm->vcpu[i], KVM_RUN, NULL);
    } while (result < 0 && last.error == EINTR && times++ < 10);
    return result;
}

/* Operations by chance, in this style. */
struct play {
    const char *name;
    int vcpus, vms, operations;
    bool threads, odd_ids;                /* each vCPU in a thread of its own; ids with gaps */
    bool rates, guest_writes, restores;   /* x86 */
    bool by_value;                        /* arm64: no KVM_ARM_SET_COUNTER_OFFSET */
};

struct sequence {
    const char *name;
    bool (*possible)(void); /* NULL: always */
    void (*perform)(void);
};

#if X86

/* ---- x86: the operations ---- */

enum {
    MSR_IA32_TSC = 0x10,
    MSR_IA32_TSC_ADJUST = 0x3b,
    MSR_IA32_TSC_DEADLINE = 0x6e0,
    MSR_KVM_SYSTEM_TIME = 0x12,
    MSR_KVM_SYSTEM_TIME_NEW = 0x4b564d01,
    KVM_CAP_VCPU_ATTRIBUTES_NUMBER = 127, /* (newer than some distributions' headers) */
    FLAG_REALTIME = 4,
    LVTT = 0x320,
    READ_TSC = 0x1000, /* where the guest's code is */
    WRITE_MSR = 0x1040,
    READ_MSR = 0x1080,
    CLEAR_FLAGS = 0x10c0,
    PAGES = 0x3000,
    OTHER_PAGES = 0x3800
};
#define OFFSET_NAMES "\"group\":\"KVM_VCPU_TSC_CTRL\",\"attr\":\"KVM_VCPU_TSC_OFFSET\""

static struct kvm_cpuid2 *cpuid;
static bool has_deadline_timer;

static bool has_offset_attribute(void) {
    static int has = -1;
    if (has < 0) {
        has = ioctl(kvm, KVM_CHECK_EXTENSION, KVM_CAP_VCPU_ATTRIBUTES_NUMBER) > 0;
    }
    return has;
}

static bool can_set_deadline(void) {
    return has_deadline_timer;
}

static void set_up_memory(struct vm *vm) {
    static const uint8_t READ_TSC_CODE[] = {
        0x0f, 0x31,             /* rdtsc */
        0x66, 0x89, 0x07,       /* mov [bx], eax */
        0x66, 0x89, 0x57, 0x04, /* mov [bx + 4], edx */
        0xe6, 0x10,             /* out 0x10, al */
        0xeb, 0xf3,             /* again */
    };
    static const uint8_t WRITE_MSR_CODE[] = {
        0x66, 0x8b, 0x07,       /* mov eax, [bx] */
        0x66, 0x8b, 0x57, 0x04, /* mov edx, [bx + 4] */
        0x66, 0x8b, 0x4f, 0x08, /* mov ecx, [bx + 8] */
        0x0f, 0x30,             /* wrmsr */
        0xe6, 0x11,             /* out 0x11, al */
        0xeb, 0xef,             /* again */
    };
    static const uint8_t READ_MSR_CODE[] = {
        0x66, 0x8b, 0x4f, 0x08, /* mov ecx, [bx + 8] */
        0x0f, 0x32,             /* rdmsr */
        0x66, 0x89, 0x07,       /* mov [bx], eax */
        0x66, 0x89, 0x57, 0x04, /* mov [bx + 4], edx */
        0xe6, 0x12,             /* out 0x12, al */
        0xeb, 0xef,             /* again */
    };
    static const uint8_t CLEAR_FLAGS_CODE[] = {
        0xc6, 0x07, 0x00, /* mov byte [bx], 0 */
        0xe6, 0x13,       /* out 0x13, al */
        0xeb, 0xf9,       /* again */
    };
    long result = call(vm->fd, KVM_CREATE_IRQCHIP, NULL);
    record("KVM_CREATE_IRQCHIP", vm->number, -1, NONE, result, NONE);
    struct kvm_userspace_memory_region region = {.memory_size = MEMORY, .userspace_addr = (uintptr_t)vm->memory};
    if (ioctl(vm->fd, KVM_SET_USER_MEMORY_REGION, &region)) {
        fail("the guest gets no memory: %s", strerror(errno));
    }
    memcpy(vm->memory + READ_TSC, READ_TSC_CODE, sizeof READ_TSC_CODE);
    memcpy(vm->memory + WRITE_MSR, WRITE_MSR_CODE, sizeof WRITE_MSR_CODE);
    memcpy(vm->memory + READ_MSR, READ_MSR_CODE, sizeof READ_MSR_CODE);
    memcpy(vm->memory + CLEAR_FLAGS, CLEAR_FLAGS_CODE, sizeof CLEAR_FLAGS_CODE);
}

static bool set_up_vcpu(struct vm *vm, int i) {
    long result = call(vm->vcpu[i], KVM_SET_CPUID2, cpuid);
    record("KVM_SET_CPUID2", vm->number, vm->id[i],
           members("\"nent\":%u,\"tsc_deadline_timer\":%d", cpuid->nent, has_deadline_timer), result, NONE);
    struct kvm_sregs segments;
    if (result || ioctl(vm->vcpu[i], KVM_GET_SREGS, &segments)) {
        return false;
    }
    segments.cs.base = 0;
    segments.cs.selector = 0;
    struct kvm_mp_state runnable = {.mp_state = KVM_MP_STATE_RUNNABLE}; /* (only the first vCPU is) */
    return !ioctl(vm->vcpu[i], KVM_SET_SREGS, &segments) && !ioctl(vm->vcpu[i], KVM_SET_MP_STATE, &runnable);
}

static uint64_t get_offset(struct vm *vm, int i) {
    uint64_t offset = 0;
    struct kvm_device_attr attribute = {.addr = (uintptr_t)&offset};
    long result = call(vm->vcpu[i], KVM_GET_DEVICE_ATTR, &attribute);
    record("KVM_GET_DEVICE_ATTR", vm->number, vm->id[i], members(OFFSET_NAMES), result,
           result ? NONE : members("\"offset\":%" PRId64, (int64_t)offset));
    return offset;
}

static void set_offset(struct vm *vm, int i, uint64_t offset) {
    struct kvm_device_attr attribute = {.addr = (uintptr_t)&offset};
    long result = call(vm->vcpu[i], KVM_SET_DEVICE_ATTR, &attribute);
    record("KVM_SET_DEVICE_ATTR", vm->number, vm->id[i], members(OFFSET_NAMES ",\"offset\":%" PRId64, (int64_t)offset),
           result, NONE);
}

struct one_msr {
    struct kvm_msrs list;
    struct kvm_msr_entry entry;
};

static void set_msr(struct vm *vm, int i, uint32_t index, uint64_t data) {
    struct one_msr msr = {.list = {.nmsrs = 1}, .entry = {.index = index, .data = data}};
    long result = call(vm->vcpu[i], KVM_SET_MSRS, &msr);
    record("KVM_SET_MSRS", vm->number, vm->id[i],
           members("\"nmsrs\":1,\"index\":\"0x%x\",\"data\":%" PRIu64, index, data), result, NONE);
}

static uint64_t get_msr(struct vm *vm, int i, uint32_t index) {
    struct one_msr msr = {.list = {.nmsrs = 1}, .entry = {.index = index}};
    long result = call(vm->vcpu[i], KVM_GET_MSRS, &msr);
    record("KVM_GET_MSRS", vm->number, vm->id[i], members("\"nmsrs\":1,\"index\":\"0x%x\"", index), result,
           result == 1 ? members("\"data\":%" PRIu64, (uint64_t)msr.entry.data) : NONE);
    return msr.entry.data;
}

/* Linux 5.16's form of the structure: older headers have padding where realtime and host_tsc are. */
struct clock {
    uint64_t clock;
    uint32_t flags, pad0;
    uint64_t realtime, host_tsc;
    uint32_t pad[4];
};
_Static_assert(sizeof(struct clock) == sizeof(struct kvm_clock_data), "struct kvm_clock_data");

static struct clock get_clock(struct vm *vm) {
    struct clock clock = {0};
    long result = call(vm->fd, KVM_GET_CLOCK, &clock);
    record("KVM_GET_CLOCK", vm->number, -1, NONE, result,
           members("\"clock\":%" PRIu64 ",\"flags\":%u,\"realtime\":%" PRIu64 ",\"host_tsc\":%" PRIu64, clock.clock,
                   clock.flags, clock.realtime, clock.host_tsc));
    return clock;
}

static void set_clock(struct vm *vm, uint64_t clock, uint32_t flags, uint64_t realtime) {
    struct clock data = {.clock = clock, .flags = flags, .realtime = realtime};
    long result = call(vm->fd, KVM_SET_CLOCK, &data);
    record("KVM_SET_CLOCK", vm->number, -1,
           members("\"clock\":%" PRIu64 ",\"flags\":%u,\"realtime\":%" PRIu64 ",\"host_tsc\":0", clock, flags, realtime),
           result, NONE);
}

static void kvmclock_ctrl(struct vm *vm, int i) {
    long result = call(vm->vcpu[i], KVM_KVMCLOCK_CTRL, NULL);
    record("KVM_KVMCLOCK_CTRL", vm->number, vm->id[i], NONE, result, NONE);
}

static uint64_t get_khz(struct vm *vm, int i) {
    long result = call(vm->vcpu[i], KVM_GET_TSC_KHZ, NULL);
    record("KVM_GET_TSC_KHZ", vm->number, vm->id[i], NONE, result, NONE);
    return (uint64_t)result;
}

static void set_khz(struct vm *vm, int i, uint64_t khz) {
    long result = call(vm->vcpu[i], KVM_SET_TSC_KHZ, (void *)khz);
    record("KVM_SET_TSC_KHZ", vm->number, vm->id[i], members("\"khz\":%" PRIu64, khz), result, NONE);
}

/* Restores the local APIC with its timer in TSC-deadline mode (2), or another. */
static void set_lapic(struct vm *vm, int i, uint32_t mode) {
    struct kvm_lapic_state lapic;
    uint32_t lvtt;
    if (ioctl(vm->vcpu[i], KVM_GET_LAPIC, &lapic)) {
        fail("KVM_GET_LAPIC: %s", strerror(errno));
    }
    memcpy(&lvtt, lapic.regs + LVTT, sizeof lvtt);
    lvtt = (lvtt & ~(3U << 17)) | mode << 17;
    memcpy(lapic.regs + LVTT, &lvtt, sizeof lvtt);
    long result = call(vm->vcpu[i], KVM_SET_LAPIC, &lapic);
    record("KVM_SET_LAPIC", vm->number, vm->id[i], members("\"lvtt\":%u", lvtt), result, NONE);
}

static void prepare(struct vm *vm, int i, uint64_t code, uint64_t address) {
    struct kvm_regs registers = {.rip = code, .rbx = address, .rflags = 2};
    if (ioctl(vm->vcpu[i], KVM_SET_REGS, &registers)) {
        fail("KVM_SET_REGS: %s", strerror(errno));
    }
}

static uint8_t *results(struct vm *vm, int i) {
    return vm->memory + RESULTS + 16 * i;
}

static long run_at(struct vm *vm, int i, uint64_t code) {
    prepare(vm, i, code, RESULTS + 16 * (uint64_t)i);
    return enter(vm, i);
}

/* The guest's own reading, if it has come that far. */
static struct members read_value(struct vm *vm, int i, long result, const char *key, uint64_t *value) {
    memcpy(value, results(vm, i), sizeof *value);
    return result == 0 && vm->run[i]->exit_reason == KVM_EXIT_IO
        ? members("\"exit\":%u,\"%s\":%" PRIu64, vm->run[i]->exit_reason, key, *value)
        : members("\"exit\":%u", vm->run[i]->exit_reason);
}

static uint64_t guest_reads_tsc(struct vm *vm, int i) {
    uint64_t value;
    long result = run_at(vm, i, READ_TSC);
    struct members out = read_value(vm, i, result, "guest_tsc", &value);
    record("KVM_RUN", vm->number, vm->id[i], members("\"guest\":\"rdtsc\""), result, out);
    return value;
}

static uint64_t guest_reads_msr(struct vm *vm, int i, uint32_t index) {
    uint64_t value;
    memcpy(results(vm, i) + 8, &index, sizeof index);
    long result = run_at(vm, i, READ_MSR);
    struct members out = read_value(vm, i, result, "data", &value);
    record("KVM_RUN", vm->number, vm->id[i], members("\"guest\":\"rdmsr\",\"index\":\"0x%x\"", index), result, out);
    return value;
}

static void guest_writes_msr(struct vm *vm, int i, uint32_t index, uint64_t data) {
    memcpy(results(vm, i), &data, sizeof data);
    memcpy(results(vm, i) + 8, &index, sizeof index);
    long result = run_at(vm, i, WRITE_MSR);
    record("KVM_RUN", vm->number, vm->id[i],
           members("\"guest\":\"wrmsr\",\"index\":\"0x%x\",\"data\":%" PRIu64, index, data), result,
           members("\"exit\":%u", vm->run[i]->exit_reason));
}

struct page {
    uint32_t version, pad;
    uint64_t tsc_timestamp, system_time;
    uint32_t mul;
    int8_t shift;
    uint8_t flags, pad2[2];
};
_Static_assert(sizeof(struct page) == 32, "struct pvclock_vcpu_time_info");

static uint64_t page_address(int i) {
    return PAGES + 64 * (uint64_t)i;
}

static void show_page(struct vm *vm, int i) {
    struct page page;
    memcpy(&page, vm->memory + page_address(i), sizeof page);
    instant();
    record("pvclock_page", vm->number, vm->id[i], NONE, 0,
           members("\"version\":%u,\"tsc_timestamp\":%" PRIu64 ",\"system_time\":%" PRIu64
                   ",\"mul\":%u,\"shift\":%d,\"flags\":%u",
                   page.version, page.tsc_timestamp, page.system_time, page.mul, page.shift, page.flags));
}

/* As Linux guests do after they have noticed that they were stopped. */
static void guest_clears_flags(struct vm *vm, int i) {
    prepare(vm, i, CLEAR_FLAGS, page_address(i) + offsetof(struct page, flags));
    long result = enter(vm, i);
    record("KVM_RUN", vm->number, vm->id[i], members("\"guest\":\"clears the flags of its kvmclock page\""), result,
           members("\"exit\":%u", vm->run[i]->exit_reason));
}

/* ---- x86: on all vCPUs ---- */

static void offsets(struct vm *vm) {
    for (int i = 0; i < vm->vcpus; i++) {
        if (has_offset_attribute()) {
            get_offset(vm, i);
        } else {
            get_msr(vm, i, MSR_IA32_TSC);
        }
    }
}

static void runs(struct vm *vm) {
    for (int i = 0; i < vm->vcpus; i++) {
        pin((unsigned)i);
        guest_reads_tsc(vm, i);
    }
    pin(0);
}

static void register_pages(struct vm *vm) {
    for (int i = 0; i < vm->vcpus; i++) {
        set_msr(vm, i, MSR_KVM_SYSTEM_TIME_NEW, page_address(i) | 1);
    }
}

static void show_pages(struct vm *vm) {
    for (int i = 0; i < vm->vcpus; i++) {
        show_page(vm, i);
    }
}

static void look(struct vm *vm) {
    offsets(vm);
    runs(vm);
    get_clock(vm);
}

static void write_tscs(struct vm *vm, uint64_t value, unsigned wait) {
    for (int i = 0; i < vm->vcpus; i++) {
        set_msr(vm, i, MSR_IA32_TSC, value);
        wait_ms(wait);
    }
}

/* ---- x86: the fixed sequences ---- */

static void capabilities(void) {
    static const struct {
        const char *name;
        int number;
    } CAPABILITIES[] = {{"KVM_CAP_ADJUST_CLOCK", 39},  {"KVM_CAP_TSC_CONTROL", 60},     {"KVM_CAP_VM_TSC_CONTROL", 214},
                        {"KVM_CAP_GET_TSC_KHZ", 61},   {"KVM_CAP_TSC_DEADLINE_TIMER", 72},
                        {"KVM_CAP_KVMCLOCK_CTRL", 76}, {"KVM_CAP_VCPU_ATTRIBUTES", 127}};
    struct vm *vm = create_vm_of(3);
    for (size_t i = 0; i < COUNT(CAPABILITIES); i++) {
        long result = call(vm->fd, KVM_CHECK_EXTENSION, (void *)(intptr_t)CAPABILITIES[i].number);
        record("KVM_CHECK_EXTENSION", vm->number, -1,
               members("\"cap\":\"%s\",\"num\":%d", CAPABILITIES[i].name, CAPABILITIES[i].number), result, NONE);
    }
    for (int i = 0; i < vm->vcpus; i++) {
        get_khz(vm, i);
    }
    look(vm);
    register_pages(vm);
    runs(vm);
    show_pages(vm);
    close_vm(vm);
}

static void by_value(void) {
    struct vm *vm = create_vm_of(3);
    offsets(vm);
    note("the first writes of a young VM, 100 ms apart");
    write_tscs(vm, 0x1000000, 100);
    look(vm);
    note("further than a second from what the last write lets KVM expect");
    set_msr(vm, 0, MSR_IA32_TSC, 10 * host_hz);
    offsets(vm);
    get_clock(vm);
    note("half a second ahead of vCPU 0, then three seconds");
    set_msr(vm, 1, MSR_IA32_TSC, 10 * host_hz + host_hz / 2);
    set_msr(vm, 2, MSR_IA32_TSC, 13 * host_hz);
    look(vm);
    note("0 stands for the last written line");
    set_msr(vm, 2, MSR_IA32_TSC, 0);
    look(vm);
    write_tscs(vm, 0, 0);
    look(vm);
    for (int i = 0; i < vm->vcpus; i++) {
        get_msr(vm, i, MSR_IA32_TSC);
    }
    close_vm(vm);
}

static void offset_attribute(void) {
    struct vm *vm = create_vm_of(3);
    register_pages(vm);
    runs(vm);
    get_clock(vm);
    show_pages(vm);
    uint64_t other = get_offset(vm, 0) - 5 * host_hz;
    note("one vCPU goes back by five seconds, then the others follow");
    for (int k = 0; k < vm->vcpus; k++) {
        int i = (k + 1) % vm->vcpus;
        set_offset(vm, i, other);
        get_clock(vm);
        look(vm);
        show_pages(vm);
    }
    note("the same offset again, then a new one for all before any runs");
    set_offset(vm, 0, other);
    get_clock(vm);
    for (int i = 0; i < vm->vcpus; i++) {
        set_offset(vm, i, other + 1000);
        get_clock(vm);
    }
    look(vm);
    for (int i = 0; i < vm->vcpus; i++) {
        get_msr(vm, i, MSR_IA32_TSC);
    }
    close_vm(vm);
}

static void clock_set(void) {
    struct vm *vm = create_vm_of(2);
    register_pages(vm);
    runs(vm);
    get_clock(vm);
    set_clock(vm, 100 * SECOND, 0, 0);
    look(vm);
    show_pages(vm);
    note("a realtime of 7 seconds ago, then one in 7 seconds");
    struct clock clock = get_clock(vm);
    set_clock(vm, clock.clock, FLAG_REALTIME, nanoseconds(CLOCK_REALTIME) - 7 * SECOND);
    look(vm);
    show_pages(vm);
    clock = get_clock(vm);
    set_clock(vm, clock.clock, FLAG_REALTIME, nanoseconds(CLOCK_REALTIME) + 7 * SECOND);
    get_clock(vm);
    note("flags that KVM_GET_CLOCK returns, and one that no kernel knows");
    static const uint32_t FLAGS[] = {2, 8, 14, 16};
    for (size_t k = 0; k < COUNT(FLAGS); k++) {
        set_clock(vm, clock.clock, FLAGS[k], clock.realtime);
        get_clock(vm);
    }
    note("while the vCPUs' TSCs differ");
    set_msr(vm, 1, MSR_IA32_TSC, 100 * host_hz);
    look(vm);
    set_clock(vm, 500 * SECOND, FLAG_REALTIME, nanoseconds(CLOCK_REALTIME) - SECOND);
    look(vm);
    show_pages(vm);
    note("the restore passes a realtime that the source did not have");
    set_clock(vm, clock.clock, FLAG_REALTIME, 0);
    look(vm);
    close_vm(vm);
}

static void restore_by_value(void) {
    struct vm *vm = create_vm_of(3);
    wait_ms(50);
    look(vm);
    uint64_t saved[3];
    for (int i = 0; i < vm->vcpus; i++) {
        saved[i] = get_msr(vm, i, MSR_IA32_TSC);
        wait_ms(20);
    }
    struct clock clock = get_clock(vm);
    close_vm(vm);
    wait_ms(300);
    vm = create_vm_of(3);
    for (int i = 0; i < vm->vcpus; i++) {
        set_msr(vm, i, MSR_IA32_TSC, saved[i]);
        wait_ms(20);
    }
    set_clock(vm, clock.clock, 0, 0);
    look(vm);
    close_vm(vm);
    note("again, with more than a second between two vCPUs");
    vm = create_vm_of(3);
    register_pages(vm);
    set_msr(vm, 0, MSR_IA32_TSC, 50 * host_hz);
    wait_ms(1300);
    set_msr(vm, 1, MSR_IA32_TSC, 50 * host_hz);
    wait_ms(300);
    set_msr(vm, 2, MSR_IA32_TSC, 50 * host_hz);
    look(vm);
    show_pages(vm);
    close_vm(vm);
}

/* As the kernel's documentation of the attribute describes it. */
static void restore_by_offset(void) {
    struct vm *vm = create_vm_of(3);
    register_pages(vm);
    look(vm);
    struct clock then = get_clock(vm);
    uint64_t saved[3];
    for (int i = 0; i < vm->vcpus; i++) {
        saved[i] = get_offset(vm, i);
    }
    close_vm(vm);
    wait_ms(700);
    vm = create_vm_of(3);
    register_pages(vm);
    runs(vm);
    set_clock(vm, then.clock, then.flags & FLAG_REALTIME, then.realtime);
    struct clock now = get_clock(vm);
    if ((then.flags & now.flags & 8) != 0) {
        uint64_t passed = (uint64_t)((unsigned __int128)(now.clock - then.clock) * host_hz / SECOND);
        for (int i = 0; i < vm->vcpus; i++) {
            set_offset(vm, i, saved[i] + then.host_tsc - now.host_tsc + passed);
        }
    }
    look(vm);
    show_pages(vm);
    close_vm(vm);
}

static void late_vcpu(void) {
    struct vm *vm = create_vm_of(2);
    write_tscs(vm, 100 * host_hz, 0);
    look(vm);
    wait_ms(1200);
    note("a vCPU that comes later than a second after the writes");
    add_vcpu(vm);
    get_clock(vm);
    look(vm);
    if (has_offset_attribute()) {
        uint64_t offset = get_offset(vm, 0) - 777777;
        for (int i = 0; i < vm->vcpus; i++) {
            set_offset(vm, i, offset);
        }
    }
    add_vcpu(vm);
    look(vm);
    close_vm(vm);
}

static void guest_writes(void) {
    struct vm *vm = create_vm_of(2);
    look(vm);
    uint64_t tsc = guest_reads_tsc(vm, 1);
    guest_writes_msr(vm, 1, MSR_IA32_TSC, tsc + host_hz);
    look(vm);
    get_msr(vm, 1, MSR_IA32_TSC_ADJUST);
    note("TSC_ADJUST, by the guest and by the host");
    guest_writes_msr(vm, 0, MSR_IA32_TSC_ADJUST, host_hz);
    look(vm);
    guest_reads_msr(vm, 0, MSR_IA32_TSC_ADJUST);
    set_msr(vm, 0, MSR_IA32_TSC_ADJUST, 42);
    look(vm);
    get_msr(vm, 0, MSR_IA32_TSC_ADJUST);
    close_vm(vm);
}

static void rates(void) {
    struct vm *vm = create_vm_of(2);
    uint64_t khz = get_khz(vm, 0);
    const uint64_t asked[] = {khz * 11 / 10, khz + khz * 200 / 1000000, khz - khz * 200 / 1000000, khz * 9 / 10};
    for (size_t k = 0; k < COUNT(asked); k++) {
        set_khz(vm, 1, asked[k]);
        get_khz(vm, 1);
        look(vm);
    }
    close_vm(vm);
}

static void pages(void) {
    struct vm *vm = create_vm_of(2);
    for (int i = 0; i < vm->vcpus; i++) {
        guest_writes_msr(vm, i, MSR_KVM_SYSTEM_TIME_NEW, page_address(i) | 1);
    }
    runs(vm);
    show_pages(vm);
    for (int i = 0; i < vm->vcpus; i++) {
        kvmclock_ctrl(vm, i);
    }
    runs(vm);
    show_pages(vm);
    for (int i = 0; i < vm->vcpus; i++) {
        guest_clears_flags(vm, i);
        show_page(vm, i);
    }
    set_clock(vm, 5 * SECOND, 0, 0);
    runs(vm);
    show_pages(vm);
    note("the guest moves its pages");
    for (int i = 0; i < vm->vcpus; i++) {
        guest_writes_msr(vm, i, MSR_KVM_SYSTEM_TIME_NEW, (OTHER_PAGES + 64 * (uint64_t)i) | 1);
    }
    look(vm);
    close_vm(vm);
    note("firmware on vCPU 0 uses the old MSR, then the system uses the new one");
    vm = create_vm_of(2);
    look(vm);
    guest_writes_msr(vm, 0, MSR_KVM_SYSTEM_TIME, page_address(0) | 1);
    look(vm);
    show_page(vm, 0);
    for (int i = 0; i < vm->vcpus; i++) {
        guest_writes_msr(vm, i, MSR_KVM_SYSTEM_TIME_NEW, page_address(i) | 1);
    }
    look(vm);
    show_pages(vm);
    close_vm(vm);
}

/* A deadline that is written before the local APIC is restored, and after it. */
static void deadlines(void) {
    const uint64_t far = UINT64_C(1) << 60;
    struct vm *vm = create_vm_of(2);
    for (int i = 0; i < vm->vcpus; i++) {
        set_msr(vm, i, MSR_IA32_TSC_DEADLINE, far);
        set_lapic(vm, i, 2);
        get_msr(vm, i, MSR_IA32_TSC_DEADLINE);
        set_msr(vm, i, MSR_IA32_TSC_DEADLINE, far + 1);
        get_msr(vm, i, MSR_IA32_TSC_DEADLINE);
        set_lapic(vm, i, i == 0 ? 2 : 0);
        get_msr(vm, i, MSR_IA32_TSC_DEADLINE);
    }
    look(vm);
    close_vm(vm);
}

/* ---- x86: random operations ---- */

struct subject {
    struct vm *vm;
    const int *ids;
    int wanted; /* how many vCPUs it may have */
    bool has_page[MOST_VCPUS];
    _Atomic uint64_t written, when; /* the last TSC that the VMM wrote, and the host's then */
    struct clock clock;
    const struct play *play;
};

static void begin_subject(struct subject *subject) {
    subject->vm = create_vm();
    memset(subject->has_page, 0, sizeof subject->has_page);
    subject->written = 0;
    subject->when = counter();
}

static void grow(struct subject *subject) {
    add_vcpu_with_id(subject->vm, subject->ids[subject->vm->vcpus]);
}

/* A value around the window of what the last write makes KVM expect. */
static uint64_t tsc_by_chance(struct subject *subject) {
    uint64_t expected = subject->written + (counter() - subject->when);
    switch (below(9)) {
    case 0:
        return 0;
    case 1:
        return 1;
    case 2:
        return subject->written;
    case 3:
        return expected;
    case 4:
        return expected + host_hz * 9 / 10;
    case 5:
        return expected - host_hz * 9 / 10;
    case 6:
        return expected + host_hz * 12 / 10;
    case 7:
        return host_hz * below(10000);
    default:
        return expected + below(2 * host_hz) - host_hz;
    }
}

static void write_tsc(struct subject *subject, int i, uint64_t value) {
    set_msr(subject->vm, i, MSR_IA32_TSC, value);
    subject->written = value;
    subject->when = counter();
}

static void move_offset(struct subject *subject, int i) {
    if (!has_offset_attribute()) {
        get_msr(subject->vm, i, MSR_IA32_TSC);
        return;
    }
    uint64_t offset = get_offset(subject->vm, i);
    const uint64_t to[] = {offset, get_offset(subject->vm, 0), offset + below(1000), offset - host_hz * below(20),
                           offset + host_hz * below(20), host_hz * below(100) - counter()};
    set_offset(subject->vm, i, to[below(COUNT(to))]);
}

static void operate_vcpu(struct subject *subject, int i) {
    struct vm *vm = subject->vm;
    bool *has_page = &subject->has_page[i];
    uint64_t kind = below(100);
    if (!subject->play->threads) {
        pin((unsigned)below(2));
    }
    if (kind < 22) {
        guest_reads_tsc(vm, i);
        if (*has_page && below(2)) {
            show_page(vm, i);
        }
    } else if (kind < 34) {
        write_tsc(subject, i, tsc_by_chance(subject));
    } else if (kind < 46) {
        move_offset(subject, i);
    } else if (kind < 52 && has_offset_attribute()) {
        get_offset(vm, i);
    } else if (kind < 57) {
        get_msr(vm, i, MSR_IA32_TSC);
    } else if (kind < 63) {
        *has_page = below(8) != 0;
        set_msr(vm, i, MSR_KVM_SYSTEM_TIME_NEW, *has_page ? page_address(i) | 1 : 0);
    } else if (kind < 68 && *has_page) {
        show_page(vm, i);
    } else if (kind < 72) {
        kvmclock_ctrl(vm, i);
    } else if (kind < 78) {
        uint64_t tsc = guest_reads_msr(vm, i, MSR_IA32_TSC);
        if (subject->play->guest_writes || below(3) == 0) {
            guest_writes_msr(vm, i, MSR_IA32_TSC, below(6) ? tsc + host_hz / 10 * below(30) - host_hz / 2 : 0);
        }
    } else if (kind < 82) {
        if (subject->play->guest_writes || below(3) == 0) {
            guest_writes_msr(vm, i, MSR_IA32_TSC_ADJUST, below(3) ? host_hz / 10 * below(30) : 0);
        } else {
            guest_reads_msr(vm, i, MSR_IA32_TSC_ADJUST);
        }
    } else if (kind < 85) {
        get_msr(vm, i, MSR_IA32_TSC_ADJUST);
    } else if (kind < 87) {
        set_msr(vm, i, MSR_IA32_TSC_ADJUST, below(3) ? below(SECOND) : 0);
    } else if (kind < 89) {
        get_khz(vm, i);
    } else if (kind < 91 && subject->play->rates) {
        uint64_t khz = host_hz / 1000;
        const uint64_t to[] = {khz, khz + khz / 5000, khz - khz / 5000, khz * 9 / 10, 0};
        set_khz(vm, i, to[below(COUNT(to))]);
    } else {
        wait_by_chance();
    }
}

static void set_clock_by_chance(struct subject *subject) {
    static const uint32_t FLAGS[] = {0, 0, 4, 4, 4, 2, 8, 14, 16};
    uint32_t flags = FLAGS[below(COUNT(FLAGS))];
    uint64_t clock = below(3) ? subject->clock.clock : below(2) ? SECOND * below(5000) : 0;
    uint64_t ago = below(4) ? below(10 * SECOND) - 3 * SECOND : 0;
    uint64_t realtime = (flags & FLAG_REALTIME) == 0 ? 0
        : below(6)                                   ? nanoseconds(CLOCK_REALTIME) - ago
                                                     : subject->clock.realtime;
    set_clock(subject->vm, clock, flags, realtime);
}

static void restore_by_chance(struct subject *subject) {
    struct vm *vm = subject->vm;
    bool values = below(2) || !has_offset_attribute();
    uint64_t value = tsc_by_chance(subject), offset = host_hz * below(1000) - counter();
    for (int i = 0; i < vm->vcpus; i++) {
        if (values) {
            write_tsc(subject, i, below(3) ? value : tsc_by_chance(subject));
        } else {
            set_offset(vm, i, offset);
        }
        if (below(3) == 0) {
            wait_ms(1 + (unsigned)below(400));
        }
    }
    set_clock(vm, SECOND * below(1000), below(2) ? FLAG_REALTIME : 0, nanoseconds(CLOCK_REALTIME) - below(5 * SECOND));
    offsets(vm);
    subject->clock = get_clock(vm);
}

static void operate_vm(struct subject *subject) {
    struct vm *vm = subject->vm;
    uint64_t kind = below(100);
    if (kind < 35) {
        subject->clock = get_clock(vm);
    } else if (kind < 55) {
        set_clock_by_chance(subject);
        subject->clock = get_clock(vm);
    } else if (kind < 70 && !subject->play->threads && vm->vcpus < subject->wanted) {
        grow(subject);
    } else if (kind < 80 && !subject->play->threads) {
        offsets(vm);
        subject->clock = get_clock(vm);
    } else if (kind < 90 && subject->play->restores) {
        restore_by_chance(subject);
    } else {
        wait_by_chance();
    }
}

static void end_subject(struct subject *subject) {
    offsets(subject->vm);
    look(subject->vm);
    close_vm(subject->vm);
}

static const struct play PLAYS[] = {
    {.name = "random", .vcpus = 4, .vms = 1, .operations = 90},
    {.name = "random-restores", .vcpus = 3, .vms = 1, .operations = 70, .restores = true},
    {.name = "random-guest-writes", .vcpus = 3, .vms = 1, .operations = 70, .guest_writes = true},
    {.name = "random-two-vms", .vcpus = 2, .vms = 2, .operations = 90},
    {.name = "random-rates", .vcpus = 2, .vms = 1, .operations = 70, .rates = true, .odd_ids = true},
    {.name = "random-threads", .vcpus = 3, .vms = 1, .operations = 30, .threads = true},
};

static const struct sequence SEQUENCES[] = {
    {"capabilities", NULL, capabilities},
    {"by-value", NULL, by_value},
    {"offset-attribute", has_offset_attribute, offset_attribute},
    {"set-clock", NULL, clock_set},
    {"restore-by-value", NULL, restore_by_value},
    {"restore-by-offset", has_offset_attribute, restore_by_offset},
    {"late-vcpu", NULL, late_vcpu},
    {"guest-writes", NULL, guest_writes},
    {"rates", NULL, rates},
    {"kvmclock-pages", NULL, pages},
    {"deadlines", can_set_deadline, deadlines},
};

static void set_up_host(void) {
    enum { MOST_ENTRIES = 256, DEADLINE_TIMER = 1 << 24 };
    cpuid = calloc(1, sizeof *cpuid + MOST_ENTRIES * sizeof *cpuid->entries);
    if (!cpuid) {
        fail("out of memory");
    }
    cpuid->nent = MOST_ENTRIES;
    if (ioctl(kvm, KVM_GET_SUPPORTED_CPUID, cpuid)) {
        fail("KVM_GET_SUPPORTED_CPUID: %s", strerror(errno));
    }
    bool offered = ioctl(kvm, KVM_CHECK_EXTENSION, KVM_CAP_TSC_DEADLINE_TIMER) > 0;
    for (uint32_t i = 0; i < cpuid->nent; i++) {
        if (cpuid->entries[i].function == 1) {
            cpuid->entries[i].ecx |= offered ? DEADLINE_TIMER : 0;
            has_deadline_timer = (cpuid->entries[i].ecx & DEADLINE_TIMER) != 0;
        }
    }
    int vm = ioctl(kvm, KVM_CREATE_VM, 0), vcpu = vm < 0 ? -1 : ioctl(vm, KVM_CREATE_VCPU, 0);
    int khz = vcpu < 0 ? -1 : ioctl(vcpu, KVM_GET_TSC_KHZ, 0);
    if (khz <= 0) {
        fail("KVM does not tell the TSC's rate: %s", strerror(errno));
    }
    host_hz = (uint64_t)khz * 1000;
    close(vcpu);
    close(vm);
}

#else

/* ---- arm64: the operations ---- */

enum { CODE = 0x1000, SPIN = 0x1100 };
#define GUEST_MEMORY UINT64_C(0x40000000)
#define DEVICE UINT64_C(0x10000000) /* no memory is there: a write ends KVM_RUN */
#define COUNTER_REGISTER UINT64_C(0x603000000013df1a)
#define PHYSICAL_COUNTER UINT64_C(0x603000000013df01)
#define TIMER_CTL UINT64_C(0x603000000013df19)
#define TIMER_CVAL UINT64_C(0x603000000013df02)
#define PTIMER_CVAL UINT64_C(0x603000000013df12)
#define CORE(member) (KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE | KVM_REG_ARM_CORE_REG(member))
enum { KVM_CAP_COUNTER_OFFSET_NUMBER = 227 }; /* (newer than some distributions' headers) */
struct counter_offset {
    uint64_t counter_offset, reserved;
};
#define SET_COUNTER_OFFSET _IOW(KVMIO, 0xb5, struct counter_offset)

static struct kvm_vcpu_init target;

static bool has_counter_offset(void) {
    return ioctl(kvm, KVM_CHECK_EXTENSION, KVM_CAP_COUNTER_OFFSET_NUMBER) > 0;
}

static void set_up_memory(struct vm *vm) {
    static const uint32_t READ_CODE[] = {
        0xd5033fdf, /* isb */
        0xd53be041, /* mrs x1, cntvct_el0 */
        0xd53be022, /* mrs x2, cntpct_el0 */
        0xd53be005, /* mrs x5, cntfrq_el0 */
        0xf9000061, /* str x1, [x3] */
        0xf9000462, /* str x2, [x3, 8] */
        0xf9000865, /* str x5, [x3, 16] */
        0xf9000080, /* str x0, [x4] */
        0x17fffff8, /* again */
    };
    static const uint32_t SPIN_CODE[] = {0x14000000}; /* b . */
    struct kvm_userspace_memory_region region = {
        .guest_phys_addr = GUEST_MEMORY, .memory_size = MEMORY, .userspace_addr = (uintptr_t)vm->memory};
    if (ioctl(vm->fd, KVM_SET_USER_MEMORY_REGION, &region)) {
        fail("the guest gets no memory: %s", strerror(errno));
    }
    memcpy(vm->memory + CODE, READ_CODE, sizeof READ_CODE);
    memcpy(vm->memory + SPIN, SPIN_CODE, sizeof SPIN_CODE);
    if (ioctl(vm->fd, KVM_ARM_PREFERRED_TARGET, &target)) {
        fail("KVM_ARM_PREFERRED_TARGET: %s", strerror(errno));
    }
    target.features[0] |= 1U << KVM_ARM_VCPU_PSCI_0_2;
}

static bool set_up_vcpu(struct vm *vm, int i) {
    struct kvm_vcpu_init init = target;
    long result = call(vm->vcpu[i], KVM_ARM_VCPU_INIT, &init);
    record("KVM_ARM_VCPU_INIT", vm->number, vm->id[i],
           members("\"target\":%u,\"features0\":%u", init.target, init.features[0]), result, NONE);
    return result == 0;
}

static const char *name_of(uint64_t id) {
    return id == COUNTER_REGISTER ? "KVM_REG_ARM_TIMER_CNT"
        : id == PHYSICAL_COUNTER  ? "KVM_REG_ARM_PTIMER_CNT"
        : id == TIMER_CTL         ? "KVM_REG_ARM_TIMER_CTL"
        : id == TIMER_CVAL        ? "KVM_REG_ARM_TIMER_CVAL"
                                  : "KVM_REG_ARM_PTIMER_CVAL";
}

static uint64_t get_register(struct vm *vm, int i, uint64_t id) {
    uint64_t value = 0;
    struct kvm_one_reg one = {.id = id, .addr = (uintptr_t)&value};
    long result = call(vm->vcpu[i], KVM_GET_ONE_REG, &one);
    record("KVM_GET_ONE_REG", vm->number, vm->id[i],
           members("\"id\":\"0x%" PRIx64 "\",\"reg\":\"%s\"", id, name_of(id)), result,
           result ? NONE : members("\"value\":%" PRIu64, value));
    return value;
}

static void set_register(struct vm *vm, int i, uint64_t id, uint64_t value) {
    struct kvm_one_reg one = {.id = id, .addr = (uintptr_t)&value};
    long result = call(vm->vcpu[i], KVM_SET_ONE_REG, &one);
    record("KVM_SET_ONE_REG", vm->number, vm->id[i],
           members("\"id\":\"0x%" PRIx64 "\",\"reg\":\"%s\",\"value\":%" PRIu64, id, name_of(id), value), result, NONE);
}

static void set_counter_offset(struct vm *vm, uint64_t offset, uint64_t reserved) {
    struct counter_offset argument = {offset, reserved};
    long result = call(vm->fd, SET_COUNTER_OFFSET, &argument);
    record("KVM_ARM_SET_COUNTER_OFFSET", vm->number, -1,
           members("\"counter_offset\":%" PRIu64 ",\"reserved\":%" PRIu64, offset, reserved), result, NONE);
}

static void initialise_again(struct vm *vm, int i) {
    if (!set_up_vcpu(vm, i)) {
        fail("KVM_ARM_VCPU_INIT again: %s", strerror(last.error));
    }
}

static void set_core(struct vm *vm, int i, uint64_t id, uint64_t value) {
    struct kvm_one_reg one = {.id = id, .addr = (uintptr_t)&value};
    if (ioctl(vm->vcpu[i], KVM_SET_ONE_REG, &one)) {
        fail("KVM_SET_ONE_REG of a core register: %s", strerror(errno));
    }
}

static void guest_reads_counters(struct vm *vm, int i) {
    uint64_t read[3];
    set_core(vm, i, CORE(regs.pc), GUEST_MEMORY + CODE);
    set_core(vm, i, CORE(regs.regs[3]), GUEST_MEMORY + RESULTS + 64 * (uint64_t)i);
    set_core(vm, i, CORE(regs.regs[4]), DEVICE);
    long result = enter(vm, i);
    memcpy(read, vm->memory + RESULTS + 64 * i, sizeof read);
    bool done = result == 0 && vm->run[i]->exit_reason == KVM_EXIT_MMIO;
    record("KVM_RUN", vm->number, vm->id[i], members("\"guest\":\"cntvct,cntpct,cntfrq\""), result,
           done ? members("\"exit\":%u,\"cntvct\":%" PRIu64 ",\"cntpct\":%" PRIu64 ",\"cntfrq\":%" PRIu64,
                          vm->run[i]->exit_reason, read[0], read[1], read[2])
                : members("\"exit\":%u", vm->run[i]->exit_reason));
    /* KVM completes the guest's last instruction, and does not enter. */
    vm->run[i]->immediate_exit = 1;
    result = call(vm->vcpu[i], KVM_RUN, NULL);
    record("KVM_RUN", vm->number, vm->id[i], members("\"immediate_exit\":1,\"guest\":\"none\""), result, NONE);
    vm->run[i]->immediate_exit = 0;
}

/* ---- arm64: on all vCPUs ---- */

static void counters(struct vm *vm) {
    for (int i = 0; i < vm->vcpus; i++) {
        get_register(vm, i, COUNTER_REGISTER);
        get_register(vm, i, PHYSICAL_COUNTER);
    }
}

static void look(struct vm *vm) {
    counters(vm);
    for (int i = 0; i < vm->vcpus; i++) {
        pin((unsigned)i);
        guest_reads_counters(vm, i);
    }
    pin(0);
}

/* ---- arm64: the fixed sequences ---- */

static void capabilities(void) {
    static const struct {
        const char *name;
        int number;
    } CAPABILITIES[] = {{"KVM_CAP_COUNTER_OFFSET", KVM_CAP_COUNTER_OFFSET_NUMBER}, {"KVM_CAP_ARM_PSCI_0_2", 102}};
    struct vm *vm = create_vm_of(2);
    for (size_t i = 0; i < COUNT(CAPABILITIES); i++) {
        long result = call(vm->fd, KVM_CHECK_EXTENSION, (void *)(intptr_t)CAPABILITIES[i].number);
        record("KVM_CHECK_EXTENSION", vm->number, -1,
               members("\"cap\":\"%s\",\"num\":%d", CAPABILITIES[i].name, CAPABILITIES[i].number), result, NONE);
    }
    look(vm);
    close_vm(vm);
}

static void by_value(void) {
    struct vm *vm = create_vm_of(2);
    counters(vm);
    set_register(vm, 0, COUNTER_REGISTER, UINT64_C(1) << 32);
    look(vm);
    note("a restore of two vCPUs, 50 ms apart");
    set_register(vm, 0, COUNTER_REGISTER, UINT64_C(2) << 32);
    counters(vm);
    wait_ms(50);
    set_register(vm, 1, COUNTER_REGISTER, UINT64_C(2) << 32);
    look(vm);
    set_register(vm, 1, COUNTER_REGISTER, 0);
    look(vm);
    note("the physical counter");
    set_register(vm, 0, PHYSICAL_COUNTER, UINT64_C(3) << 32);
    look(vm);
    close_vm(vm);
}

static void counter_offset(void) {
    struct vm *vm = create_vm_of(2);
    look(vm);
    uint64_t offset = counter() - (UINT64_C(5) << 32);
    set_counter_offset(vm, offset, 0);
    look(vm);
    note("writes by value are now accepted, and ignored");
    set_register(vm, 0, COUNTER_REGISTER, 7);
    set_register(vm, 0, PHYSICAL_COUNTER, 7);
    look(vm);
    set_counter_offset(vm, offset + 1000000, 0);
    look(vm);
    set_counter_offset(vm, 0, 1);
    set_counter_offset(vm, 0, 0);
    look(vm);
    close_vm(vm);
    note("before there is a vCPU");
    vm = create_vm();
    set_counter_offset(vm, 12345678, 0);
    add_vcpu(vm);
    add_vcpu(vm);
    look(vm);
    close_vm(vm);
}

static void late_vcpu(void) {
    struct vm *vm = create_vm_of(2);
    set_register(vm, 0, COUNTER_REGISTER, UINT64_C(7) << 32);
    look(vm);
    wait_ms(100);
    add_vcpu(vm);
    look(vm);
    close_vm(vm);
    if (has_counter_offset()) {
        vm = create_vm_of(2);
        set_counter_offset(vm, counter() - (UINT64_C(7) << 32), 0);
        counters(vm);
        wait_ms(100);
        add_vcpu(vm);
        look(vm);
        close_vm(vm);
    }
}

static void save_restore(void) {
    struct vm *vm = create_vm_of(2);
    set_register(vm, 0, COUNTER_REGISTER, UINT64_C(9) << 32);
    look(vm);
    uint64_t first = get_register(vm, 0, COUNTER_REGISTER);
    wait_ms(20);
    uint64_t second = get_register(vm, 1, COUNTER_REGISTER);
    close_vm(vm);
    wait_ms(300);
    note("in the order in which they were saved, then in the other one");
    for (int turn = 0; turn < 2; turn++) {
        vm = create_vm_of(2);
        set_register(vm, turn, COUNTER_REGISTER, turn ? second : first);
        wait_ms(20);
        set_register(vm, 1 - turn, COUNTER_REGISTER, turn ? first : second);
        look(vm);
        close_vm(vm);
    }
    if (has_counter_offset()) {
        vm = create_vm_of(2);
        set_counter_offset(vm, counter() - first, 0);
        look(vm);
        close_vm(vm);
    }
}

static void initialise_twice(void) {
    struct vm *vm = create_vm_of(2);
    set_register(vm, 0, COUNTER_REGISTER, UINT64_C(11) << 32);
    look(vm);
    initialise_again(vm, 0);
    look(vm);
    close_vm(vm);
}

static void interrupt(int signal) {
    (void)signal;
}

static void *spin(void *argument) {
    struct vm *vm = argument;
    thread_name = "CPU1";
    pin(1);
    set_core(vm, 1, CORE(regs.pc), GUEST_MEMORY + SPIN);
    long result = call(vm->vcpu[1], KVM_RUN, NULL);
    record("KVM_RUN", vm->number, vm->id[1], members("\"guest\":\"none\""), result, NONE);
    return NULL;
}

/* Sets the counters while a vCPU is in the guest. */
static void while_running(void) {
    struct vm *vm = create_vm_of(2);
    thread_name = "main";
    pthread_t other;
    if (pthread_create(&other, NULL, spin, vm)) {
        fail("no thread can be made");
    }
    wait_ms(300);
    set_counter_offset(vm, 1000, 0);
    set_register(vm, 0, COUNTER_REGISTER, UINT64_C(12) << 32);
    get_register(vm, 0, COUNTER_REGISTER);
    vm->run[1]->immediate_exit = 1;
    pthread_kill(other, SIGUSR1);
    pthread_join(other, NULL);
    vm->run[1]->immediate_exit = 0;
    set_counter_offset(vm, 1000, 0);
    look(vm);
    thread_name = NULL;
    close_vm(vm);
}

/* ---- arm64: random operations ---- */

struct subject {
    struct vm *vm;
    const int *ids;
    int wanted;
    _Atomic uint64_t saved;
    const struct play *play;
};

static void begin_subject(struct subject *subject) {
    subject->vm = create_vm();
    if (!subject->play->by_value && has_counter_offset() && below(3) == 0) {
        set_counter_offset(subject->vm, counter() - below(host_hz * 100), 0);
    }
}

static void grow(struct subject *subject) {
    add_vcpu_with_id(subject->vm, subject->ids[subject->vm->vcpus]);
}

static uint64_t value_by_chance(struct subject *subject) {
    switch (below(6)) {
    case 0:
        return 0;
    case 1:
        return subject->saved;
    case 2:
        return subject->saved + below(host_hz);
    case 3:
        return host_hz * below(100000);
    case 4:
        return (uint64_t)0 - below(SECOND);
    default:
        return counter() - below(host_hz * 10);
    }
}

static void operate_vcpu(struct subject *subject, int i) {
    struct vm *vm = subject->vm;
    uint64_t kind = below(100);
    if (!subject->play->threads) {
        pin((unsigned)below(2));
    }
    if (kind < 25) {
        guest_reads_counters(vm, i);
    } else if (kind < 45) {
        subject->saved = get_register(vm, i, COUNTER_REGISTER);
    } else if (kind < 57) {
        set_register(vm, i, COUNTER_REGISTER, value_by_chance(subject));
    } else if (kind < 67) {
        get_register(vm, i, PHYSICAL_COUNTER);
    } else if (kind < 75) {
        set_register(vm, i, PHYSICAL_COUNTER, value_by_chance(subject));
    } else if (kind < 78) {
        initialise_again(vm, i);
    } else if (kind < 82) {
        get_register(vm, i, TIMER_CVAL);
    } else if (kind < 85) {
        set_register(vm, i, TIMER_CVAL, counter() + below(host_hz));
    } else if (kind < 88) {
        get_register(vm, i, PTIMER_CVAL);
    } else {
        wait_by_chance();
    }
}

static void operate_vm(struct subject *subject) {
    struct vm *vm = subject->vm;
    uint64_t kind = below(100);
    if (kind < 40 && !subject->play->threads && vm->vcpus < subject->wanted) {
        grow(subject);
    } else if (kind < 65 && !subject->play->by_value) {
        set_counter_offset(vm, below(4) == 0 ? 0 : counter() - host_hz * below(10000), below(12) == 0);
    } else if (kind < 80 && !subject->play->threads) {
        for (int i = 0; i < vm->vcpus; i++) {
            set_register(vm, i, COUNTER_REGISTER, subject->saved);
        }
    } else {
        wait_by_chance();
    }
}

static void end_subject(struct subject *subject) {
    look(subject->vm);
    close_vm(subject->vm);
}

static const struct play PLAYS[] = {
    {.name = "random", .vcpus = 4, .vms = 1, .operations = 80},
    {.name = "random-by-value", .vcpus = 3, .vms = 1, .operations = 70, .by_value = true},
    {.name = "random-two-vms", .vcpus = 2, .vms = 2, .operations = 90, .odd_ids = true},
    {.name = "random-threads", .vcpus = 3, .vms = 1, .operations = 25, .threads = true},
};

static const struct sequence SEQUENCES[] = {
    {"capabilities", NULL, capabilities},
    {"by-value", NULL, by_value},
    {"counter-offset", has_counter_offset, counter_offset},
    {"late-vcpu", NULL, late_vcpu},
    {"save-restore", NULL, save_restore},
    {"initialise-again", NULL, initialise_twice},
    {"while-running", NULL, while_running},
};

static void set_up_host(void) {
    __asm__ volatile("mrs %0, cntfrq_el0" : "=r"(host_hz));
    struct sigaction action = {.sa_handler = interrupt};
    sigaction(SIGUSR1, &action, NULL);
}

#endif

/* ---- random sequences ---- */

struct worker {
    struct subject *subject;
    int vcpu; /* -1: the thread of the VM */
    int operations;
    uint64_t seed;
    char name[16];
};

static void *work(void *argument) {
    struct worker *worker = argument;
    chance = worker->seed;
    thread_name = worker->name;
    pin((unsigned)(worker->vcpu + 1));
    for (int k = 0; k < worker->operations; k++) {
        if (worker->vcpu < 0) {
            operate_vm(worker->subject);
        } else {
            operate_vcpu(worker->subject, worker->vcpu);
        }
    }
    return NULL;
}

static void in_threads(struct subject *subject) {
    enum { MOST = MOST_VCPUS + 1 };
    pthread_t threads[MOST];
    struct worker workers[MOST];
    int n = 0;
    for (int vcpu = -1; vcpu < subject->vm->vcpus; vcpu++, n++) {
        workers[n] = (struct worker){subject, vcpu, subject->play->operations, below(UINT64_MAX) | 1, ""};
        snprintf(workers[n].name, sizeof workers[n].name, vcpu < 0 ? "main" : "CPU%d", vcpu);
        if (pthread_create(&threads[n], NULL, work, &workers[n])) {
            fail("no thread can be made");
        }
    }
    for (int k = 0; k < n; k++) {
        pthread_join(threads[k], NULL);
    }
}

static void in_turn(struct subject *subjects, const struct play *play) {
    for (int k = 0; k < play->operations; k++) {
        struct subject *subject = &subjects[below((uint64_t)play->vms)];
        if (play->vms > 1 && below(40) == 0) {
            close_vm(subject->vm);
            begin_subject(subject);
            grow(subject);
        }
        if (below(4) == 0) {
            operate_vm(subject);
        } else {
            operate_vcpu(subject, (int)below((uint64_t)subject->vm->vcpus));
        }
    }
}

static void perform_play(const struct play *play, uint64_t seed) {
    static const int IDS[2][MOST_VCPUS] = {{0, 1, 2, 3, 4, 5, 6, 7}, {3, 1, 6, 4, 9, 8, 12, 20}};
    enum { MOST_VMS = 4 };
    struct subject subjects[MOST_VMS];
    memset(subjects, 0, sizeof subjects);
    seed_chance(seed);
    thread_name = play->threads ? "main" : NULL;
    note("seed %" PRIu64, seed);
    for (int k = 0; k < play->vms; k++) {
        struct subject *subject = &subjects[k];
        subject->play = play;
        subject->ids = IDS[play->odd_ids];
        subject->wanted = play->vcpus;
        begin_subject(subject);
        int first = play->threads ? play->vcpus : 1 + (int)below((uint64_t)play->vcpus);
        for (int i = 0; i < first; i++) {
            grow(subject);
        }
    }
    if (play->threads) {
        in_threads(&subjects[0]);
    } else {
        in_turn(subjects, play);
    }
    for (int k = 0; k < play->vms; k++) {
        end_subject(&subjects[k]);
    }
    thread_name = NULL;
}

/* ---- the kernel's tracepoints (arm64's show no counter) ---- */

static char tracing[128]; /* a tracing instance of this program's own; empty: none */

static bool write_text(const char *file, const char *text) {
    char path[256];
    snprintf(path, sizeof path, "%s/%s", tracing, file);
    int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
    bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (fd >= 0) {
        close(fd);
    }
    return done;
}

static void remove_tracing(void) {
    if (*tracing) {
        write_text("events/enable", "0");
        rmdir(tracing);
        *tracing = 0;
    }
}

static void prepare_tracepoints(void) {
    static const char *const ROOTS[] = {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"};
    static const char *const EVENTS[] = {"kvm_write_tsc_offset", "kvm_track_tsc", "kvm_update_master_clock",
                                         "kvm_pvclock_update", "kvm_msr"};
    for (size_t i = 0; X86 && i < COUNT(ROOTS) && !*tracing; i++) {
        snprintf(tracing, sizeof tracing, "%s/instances/longitude-probe-%d", ROOTS[i], getpid());
        if (mkdir(tracing, 0700)) {
            *tracing = 0;
        }
    }
    if (!*tracing) {
        return;
    }
    atexit(remove_tracing);
    bool all = write_text("tracing_on", "0") && write_text("trace_clock", "x86-tsc") && write_text("buffer_size_kb", "4096");
    for (size_t i = 0; all && i < COUNT(EVENTS); i++) {
        char file[128];
        snprintf(file, sizeof file, "events/kvm/%s/enable", EVENTS[i]);
        all = write_text(file, "1");
    }
    if (!all) {
        remove_tracing();
    }
}

static void begin_tracepoints(void) {
    if (*tracing) {
        write_text("trace", "\n"); /* (empties the buffer) */
        write_text("tracing_on", "1");
    }
}

static uint64_t lost_events(void) {
    uint64_t lost = 0;
    for (long cpu = 0; cpu < sysconf(_SC_NPROCESSORS_CONF); cpu++) {
        char path[256], line[128];
        snprintf(path, sizeof path, "%s/per_cpu/cpu%ld/stats", tracing, cpu);
        FILE *file = fopen(path, "re");
        uint64_t number;
        while (file && fgets(line, sizeof line, file)) {
            if (sscanf(line, "overrun: %" SCNu64, &number) == 1 || sscanf(line, "dropped events: %" SCNu64, &number) == 1) {
                lost += number;
            }
        }
        if (file) {
            fclose(file);
        }
    }
    return lost;
}

/* Other VMs of the host are in the kernel's buffer too; the validator uses only what lies within this log's operations. */
static void end_tracepoints(const char *name) {
    char path[512], buffer[65536];
    if (!*tracing) {
        return;
    }
    write_text("tracing_on", "0");
    bool lost = lost_events() > 0;
    snprintf(path, sizeof path, "%s/trace", tracing);
    FILE *from = fopen(path, "re");
    snprintf(path, sizeof path, "%s/%s.%s.txt", folder, name, lost ? "ftrace-with-gaps" : "ftrace");
    FILE *to = from ? fopen(path, "we") : NULL;
    for (size_t n; to && (n = fread(buffer, 1, sizeof buffer, from)) > 0;) {
        fwrite(buffer, 1, n, to);
    }
    if (to && fclose(to)) {
        fail("%s cannot be written: %s", path, strerror(errno));
    }
    if (from) {
        fclose(from);
    }
}

/* ---- the command line ---- */

static const char USAGE[] =
    "Usage: longitude-probe [-o FOLDER] [--seed N] [--plays N] [NAME...]\n"
    "       longitude-probe --list\n"
    "Drive this machine's KVM, and write NAME.jsonl for each sequence to FOLDER, which must exist.\n"
    "  -o FOLDER   where to write (default: here)\n"
    "  --seed N    of the random sequences (default: by the clock)\n"
    "  --plays N   how often each random sequence is played, each time with another seed (default: 1)\n"
    "  --list      print the sequences' names\n"
    "  NAME        only these sequences\n"
    "Exit status: 0 written; 2 this KVM cannot be used.\n";

static uint64_t number_of(const char *option, const char *text) {
    char *end = "";
    errno = 0;
    uint64_t value = strtoull(text, &end, 10);
    if (*end || !*text || *text == '-' || errno) {
        fail("%s: expected a number, not %s", option, text);
    }
    return value;
}

static void open_log(const char *name) {
    char path[512];
    snprintf(path, sizeof path, "%s/%s.jsonl", folder, name);
    sequence_log = fopen(path, "wxe");
    if (!sequence_log) {
        fail("%s: %s", path, strerror(errno));
    }
    setvbuf(sequence_log, NULL, _IOFBF, 1 << 20); /* (writing must not come between the operations) */
    records = 0;
    vms = 0;
    pin(0);
    begin_tracepoints();
}

static void close_log(const char *name) {
    end_tracepoints(name);
    bool written = !ferror(sequence_log);
    written &= !fclose(sequence_log);
    if (!written) {
        fail("%s.jsonl cannot be written: %s", name, strerror(errno));
    }
    printf("%s: %" PRIu64 " records\n", name, records);
    fflush(stdout);
}

static bool is_wanted(const char *name, char **wanted, int count) {
    for (int i = 0; i < count; i++) {
        if (!strcmp(wanted[i], name)) {
            return true;
        }
    }
    return count == 0;
}

static bool is_name(const char *name) {
    for (size_t i = 0; i < COUNT(SEQUENCES) + COUNT(PLAYS); i++) {
        if (!strcmp(name, i < COUNT(SEQUENCES) ? SEQUENCES[i].name : PLAYS[i - COUNT(SEQUENCES)].name)) {
            return true;
        }
    }
    return false;
}

int main(int argc, char **argv) {
    uint64_t seed = nanoseconds(CLOCK_REALTIME) / SECOND, times = 1;
    int i = 1;
    for (; i < argc && argv[i][0] == '-'; i++) {
        bool has_value = i + 1 < argc;
        if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")) {
            fputs(USAGE, stdout);
            return 0;
        } else if (!strcmp(argv[i], "--list")) {
            for (size_t k = 0; k < COUNT(SEQUENCES); k++) {
                puts(SEQUENCES[k].name);
            }
            for (size_t k = 0; k < COUNT(PLAYS); k++) {
                puts(PLAYS[k].name);
            }
            return 0;
        } else if (!strcmp(argv[i], "-o") && has_value) {
            folder = argv[++i];
        } else if (!strcmp(argv[i], "--seed") && has_value) {
            seed = number_of("--seed", argv[++i]);
        } else if (!strcmp(argv[i], "--plays") && has_value) {
            times = number_of("--plays", argv[++i]);
        } else {
            fprintf(stderr, "longitude-probe: unknown option, or one without its value: %s\n%s", argv[i], USAGE);
            return 2;
        }
    }
    for (int k = i; k < argc; k++) {
        if (!is_name(argv[k])) {
            fail("unknown sequence %s; --list prints their names", argv[k]);
        }
    }
    kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
    if (kvm < 0) {
        fail("/dev/kvm: %s", strerror(errno));
    }
    int size = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
    run_size = size > 0 ? (size_t)size : 0;
    set_up_host();
    prepare_tracepoints();
    for (size_t k = 0; k < COUNT(SEQUENCES); k++) {
        if (!is_wanted(SEQUENCES[k].name, argv + i, argc - i)) {
            continue;
        }
        if (SEQUENCES[k].possible && !SEQUENCES[k].possible()) {
            printf("%s: left out: this KVM does not have what it needs\n", SEQUENCES[k].name);
            continue;
        }
        open_log(SEQUENCES[k].name);
        SEQUENCES[k].perform();
        close_log(SEQUENCES[k].name);
    }
    for (uint64_t turn = 0; turn < times; turn++) {
        for (size_t k = 0; k < COUNT(PLAYS); k++) {
            if (is_wanted(PLAYS[k].name, argv + i, argc - i)) {
                char name[64];
                snprintf(name, sizeof name, "%s-%" PRIu64, PLAYS[k].name, seed + turn);
                open_log(name);
                perform_play(&PLAYS[k], seed + turn);
                close_log(name);
            }
        }
    }
    return 0;
}
