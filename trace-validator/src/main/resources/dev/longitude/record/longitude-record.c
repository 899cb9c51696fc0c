/*
 * longitude-record: records the ioctls with which a VMM sets or reads its guests' time under KVM, each with its payload
 * and the host's counter before and after, as a log for `longitude validate`. Linux, x86-64 and arm64; one file:
 *
 *     cc -O2 -o longitude-record longitude-record.c
 *
 * The recorder starts a command under a seccomp filter that stops it (ptrace) at KVM's ioctls and nowhere else. A
 * process that is already running stops at each of its system calls, because the recorder cannot install a filter from
 * outside. The recorder reads payloads from the stopped thread's memory before the ioctl (input) and after it (output).
 *
 * trace-validator/LOG-FORMAT.md describes the log's format, trace-validator/RECORDING.md what the recorder leaves out.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/kcmp.h>
#include <linux/kvm.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/klog.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#if defined(__x86_64__)
#define X86 1
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#define COUNTER "host_tsc"
static uint64_t counter(void) {
    uint32_t lo, hi;
    __asm__ volatile("lfence\n\trdtsc\n\tlfence" : "=a"(lo), "=d"(hi)::"memory");
    return lo | (uint64_t)hi << 32;
}
#elif defined(__aarch64__)
#define X86 0
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#define COUNTER "host_cntvct"
static uint64_t counter(void) {
    uint64_t value;
    __asm__ volatile("isb\n\tmrs %0, cntvct_el0\n\tisb" : "=r"(value)::"memory");
    return value;
}
#else
#error "longitude-record supports x86-64 and arm64 only"
#endif

/* ---- KVM's ioctls ---- */

/* Newer than some distributions' headers. The numbers are those of Linux's include/uapi/linux/kvm.h. */
#ifndef KVM_SET_USER_MEMORY_REGION2
#define KVM_SET_USER_MEMORY_REGION2 0x40a0ae49
#endif
#ifndef KVM_ARM_SET_COUNTER_OFFSET
#define KVM_ARM_SET_COUNTER_OFFSET 0x4010aeb5
#endif
#ifndef KVM_SET_MEMORY_ATTRIBUTES
#define KVM_SET_MEMORY_ATTRIBUTES 0x4020aed2
#endif
#ifndef KVM_CREATE_GUEST_MEMFD
#define KVM_CREATE_GUEST_MEMFD 0xc040aed4
#endif
#ifndef KVM_PRE_FAULT_MEMORY
#define KVM_PRE_FAULT_MEMORY 0xc040aed5
#endif
#define KVM_CAP_VCPU_ATTRIBUTES_NUMBER 127
#define SET_MSRS 0x4008ae89 /* (arm64's headers do not have its struct) */
#define LVTT 0x320 /* the LVT timer among the registers of KVM_SET_LAPIC */
#define MOST_CPUID_ENTRIES 256 /* KVM refuses a longer list (KVM_MAX_CPUID_ENTRIES of arch/x86/include/asm/kvm_host.h) */
#define TSC_CTRL_GROUP 0
#define TSC_OFFSET_ATTR 0

/* What a record of an ioctl has besides its name. QUIET: the format lists it as harmless; left out by default. */
enum payload {
    QUIET,
    NAME_ONLY,
    BY_VALUE,
    CREATE_VM,
    CREATE_VCPU,
    MSRS,
    ATTRIBUTE,
    CLOCK,
    REGISTER,
    VCPU_INIT,
    COUNTER_OFFSET,
    ENABLE_CAP,
    LAPIC,
    CPUID,
    RUN
};

struct op {
    uint32_t request;
    const char *name;
    enum payload payload;
    const char *key; /* of BY_VALUE */
};

#define OP(name, payload) {(uint32_t)(name), #name, payload, NULL}
#define VALUE(name, key) {(uint32_t)(name), #name, BY_VALUE, key}
static const struct op OPS[] = {
    OP(KVM_RUN, RUN),
    OP(KVM_CREATE_VM, CREATE_VM),
    OP(KVM_CREATE_VCPU, CREATE_VCPU),
    OP(KVM_SET_DEVICE_ATTR, ATTRIBUTE),
    OP(KVM_GET_DEVICE_ATTR, ATTRIBUTE),
    OP(KVM_HAS_DEVICE_ATTR, ATTRIBUTE),
    VALUE(KVM_CHECK_EXTENSION, "num"),
    OP(KVM_SET_ONE_REG, REGISTER),
    OP(KVM_GET_ONE_REG, REGISTER),
    OP(KVM_ENABLE_CAP, ENABLE_CAP),
    OP(KVM_CREATE_IRQCHIP, NAME_ONLY),
    OP(KVM_MEMORY_ENCRYPT_OP, NAME_ONLY),
    OP(KVM_MEMORY_ENCRYPT_REG_REGION, NAME_ONLY),
    OP(KVM_MEMORY_ENCRYPT_UNREG_REGION, NAME_ONLY),
    OP(KVM_SET_MEMORY_ATTRIBUTES, NAME_ONLY),
    OP(KVM_CREATE_GUEST_MEMFD, NAME_ONLY),
    OP(KVM_PRE_FAULT_MEMORY, NAME_ONLY),
    OP(KVM_GET_API_VERSION, QUIET),
    OP(KVM_GET_VCPU_MMAP_SIZE, QUIET),
    OP(KVM_GET_VCPU_EVENTS, QUIET),
    OP(KVM_SET_VCPU_EVENTS, QUIET),
    OP(KVM_GET_MP_STATE, QUIET),
    OP(KVM_SET_MP_STATE, QUIET),
    OP(KVM_SET_GUEST_DEBUG, QUIET),
    OP(KVM_SET_SIGNAL_MASK, QUIET),
    OP(KVM_SET_BOOT_CPU_ID, QUIET),
    OP(KVM_GET_IRQCHIP, QUIET),
    OP(KVM_SET_IRQCHIP, QUIET),
    OP(KVM_IRQ_LINE, QUIET),
    OP(KVM_IRQ_LINE_STATUS, QUIET),
    OP(KVM_SIGNAL_MSI, QUIET),
    OP(KVM_SET_GSI_ROUTING, QUIET),
    OP(KVM_IRQFD, QUIET),
    OP(KVM_IOEVENTFD, QUIET),
    OP(KVM_REGISTER_COALESCED_MMIO, QUIET),
    OP(KVM_UNREGISTER_COALESCED_MMIO, QUIET),
    OP(KVM_CREATE_DEVICE, QUIET),
    OP(KVM_SET_USER_MEMORY_REGION, QUIET),
    OP(KVM_SET_USER_MEMORY_REGION2, QUIET),
    OP(KVM_GET_DIRTY_LOG, QUIET),
    OP(KVM_CLEAR_DIRTY_LOG, QUIET),
    OP(KVM_RESET_DIRTY_RINGS, QUIET),
    OP(KVM_GET_STATS_FD, QUIET),
    OP(KVM_GET_REG_LIST, QUIET),
#if X86
    OP(KVM_SET_MSRS, MSRS),
    OP(KVM_GET_MSRS, MSRS),
    OP(KVM_SET_CLOCK, CLOCK),
    OP(KVM_GET_CLOCK, CLOCK),
    OP(KVM_KVMCLOCK_CTRL, NAME_ONLY),
    VALUE(KVM_SET_TSC_KHZ, "khz"),
    OP(KVM_GET_TSC_KHZ, NAME_ONLY),
    OP(KVM_SET_CPUID, NAME_ONLY),
    OP(KVM_SET_CPUID2, CPUID),
    OP(KVM_SET_LAPIC, LAPIC),
    OP(KVM_CREATE_PIT2, NAME_ONLY),
    OP(KVM_SET_PIT2, NAME_ONLY),
    OP(KVM_REINJECT_CONTROL, NAME_ONLY),
    OP(KVM_SET_NESTED_STATE, NAME_ONLY),
    OP(KVM_X86_SET_MCE, NAME_ONLY),
    OP(KVM_X86_SET_MSR_FILTER, NAME_ONLY),
    OP(KVM_XEN_HVM_CONFIG, NAME_ONLY),
    OP(KVM_XEN_HVM_SET_ATTR, NAME_ONLY),
    OP(KVM_XEN_HVM_GET_ATTR, NAME_ONLY),
    OP(KVM_XEN_VCPU_SET_ATTR, NAME_ONLY),
    OP(KVM_XEN_VCPU_GET_ATTR, NAME_ONLY),
    OP(KVM_HYPERV_EVENTFD, NAME_ONLY),
    OP(KVM_SET_NR_MMU_PAGES, NAME_ONLY),
    OP(KVM_SET_PMU_EVENT_FILTER, NAME_ONLY),
    OP(KVM_GET_MSR_INDEX_LIST, QUIET),
    OP(KVM_GET_MSR_FEATURE_INDEX_LIST, QUIET),
    OP(KVM_GET_SUPPORTED_CPUID, QUIET),
    OP(KVM_GET_EMULATED_CPUID, QUIET),
    OP(KVM_GET_SUPPORTED_HV_CPUID, QUIET),
    OP(KVM_X86_GET_MCE_CAP_SUPPORTED, QUIET),
    OP(KVM_X86_SETUP_MCE, QUIET),
    OP(KVM_GET_CPUID2, QUIET),
    OP(KVM_GET_REGS, QUIET),
    OP(KVM_SET_REGS, QUIET),
    OP(KVM_GET_SREGS, QUIET),
    OP(KVM_SET_SREGS, QUIET),
    OP(KVM_GET_SREGS2, QUIET),
    OP(KVM_SET_SREGS2, QUIET),
    OP(KVM_GET_FPU, QUIET),
    OP(KVM_SET_FPU, QUIET),
    OP(KVM_GET_XSAVE, QUIET),
    OP(KVM_GET_XSAVE2, QUIET),
    OP(KVM_SET_XSAVE, QUIET),
    OP(KVM_GET_XCRS, QUIET),
    OP(KVM_SET_XCRS, QUIET),
    OP(KVM_GET_DEBUGREGS, QUIET),
    OP(KVM_SET_DEBUGREGS, QUIET),
    OP(KVM_GET_LAPIC, QUIET),
    OP(KVM_GET_PIT2, QUIET),
    OP(KVM_GET_NESTED_STATE, QUIET),
    OP(KVM_SET_TSS_ADDR, QUIET),
    OP(KVM_SET_IDENTITY_MAP_ADDR, QUIET),
    OP(KVM_TPR_ACCESS_REPORTING, QUIET),
    OP(KVM_SET_VAPIC_ADDR, QUIET),
    OP(KVM_INTERRUPT, QUIET),
    OP(KVM_NMI, QUIET),
    OP(KVM_SMI, QUIET),
#else
    OP(KVM_ARM_VCPU_INIT, VCPU_INIT),
    OP(KVM_ARM_SET_COUNTER_OFFSET, COUNTER_OFFSET),
    OP(KVM_ARM_VCPU_FINALIZE, NAME_ONLY),
    OP(KVM_ARM_PREFERRED_TARGET, QUIET),
#endif
};
#define COUNT(array) (sizeof(array) / sizeof *(array))

/* The MSRs that concern time, the same as dev.longitude.kernel.KvmAbi.Msr. A record leaves out all others. */
static const uint32_t CLOCK_MSRS[] = {0x10, 0x3b, 0x12, 0x4b564d01, 0x11, 0x4b564d00, 0x6e0, 0x40000020, 0x40000021};
/* KVM refuses a longer list (MAX_IO_MSRS of arch/x86/kvm/x86.c). */
#define MOST_MSRS 256

static const struct {
    uint64_t id;
    const char *name;
} ARM_TIMER_REGISTERS[] = {
    {0x603000000013df1a, "KVM_REG_ARM_TIMER_CNT"},  {0x603000000013df01, "KVM_REG_ARM_PTIMER_CNT"},
    {0x603000000013df19, "KVM_REG_ARM_TIMER_CTL"},  {0x603000000013df02, "KVM_REG_ARM_TIMER_CVAL"},
    {0x603000000013df11, "KVM_REG_ARM_PTIMER_CTL"}, {0x603000000013df12, "KVM_REG_ARM_PTIMER_CVAL"},
};

static const struct op *op_of(uint32_t request) {
    for (size_t i = 0; i < COUNT(OPS); i++) {
        if (OPS[i].request == request) {
            return &OPS[i];
        }
    }
    return NULL;
}

/* ---- options and counts ---- */

static struct {
    const char *folder;
    long runs; /* how many KVM_RUNs after another operation to record in full; LONG_MAX: all */
    bool every_ioctl;
    bool tracepoints;
    bool probe;
    bool host_only;
    pid_t attach;
} options = {.runs = 1, .tracepoints = true, .probe = true};

static struct {
    uint64_t records, runs, runs_left_out, of_devices, of_no_vm, restarted, unfinished, not_readable, vms, by_elimination;
    bool by_number; /* kcmp is not available: distinguish files by their numbers */
} seen;

static FILE *host_file;
static FILE *log_file;
static uint64_t sequence;

/* What the recorder has made; it removes that if nothing could be recorded, so that a corrected command may use the name. */
static const char *made[4];
static size_t made_files;
static bool made_folder, recording;
static pid_t recorder;

static void remove_made(void) {
    for (size_t i = 0; i < made_files; i++) {
        unlink(made[i]);
    }
    if (made_folder) {
        rmdir(options.folder);
    }
}

static void __attribute__((noreturn, format(printf, 1, 2))) fail(const char *format, ...) {
    va_list args;
    va_start(args, format);
    fputs("longitude-record: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    if (!recording && getpid() == recorder) {
        remove_made();
    }
    exit(2);
}

static void *allocate(size_t size) {
    void *memory = calloc(1, size);
    if (!memory) {
        fail("out of memory");
    }
    return memory;
}

static uint64_t nanoseconds(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* The host's counter, and its clocks just after it: less than a microsecond. */
struct moment {
    uint64_t counter, t, rt;
};

static struct moment moment(void) {
    struct moment now;
    now.counter = counter();
    now.t = nanoseconds(CLOCK_MONOTONIC);
    now.rt = nanoseconds(CLOCK_REALTIME);
    return now;
}

/* ---- text of a payload ---- */

struct text {
    size_t length;
    bool full;
    char chars[2048]; /* (the longest payload has all CLOCK_MSRS, about 400) */
};

static void __attribute__((format(printf, 2, 3))) add(struct text *text, const char *format, ...) {
    va_list args;
    va_start(args, format);
    int more = vsnprintf(text->chars + text->length, sizeof text->chars - text->length, format, args);
    va_end(args);
    if (more < 0 || (size_t)more >= sizeof text->chars - text->length) {
        text->full = true;
        text->chars[text->length] = 0;
    } else {
        text->length += (size_t)more;
    }
}

static void add_word(struct text *text, const char *key, uint64_t value) {
    add(text, "%s\"%s\":%" PRIu64, text->length ? "," : "", key, value);
}

static void add_signed(struct text *text, const char *key, uint64_t value) {
    add(text, "%s\"%s\":%" PRId64, text->length ? "," : "", key, (int64_t)value);
}

static void add_text(struct text *text, const char *key, const char *value) {
    add(text, "%s\"%s\":\"", text->length ? "," : "", key);
    for (const unsigned char *c = (const unsigned char *)value; *c; c++) {
        add(text, *c < 32 || *c > 126 || *c == '"' || *c == '\\' ? "\\u%04x" : "%c", *c);
    }
    add(text, "\"");
}

/* ---- the files of KVM ---- */

struct place { /* a number under which a process has a file open */
    pid_t process;
    int fd;
    struct place *next;
};

enum kind { NO_KVM, SYSTEM, VM, VCPU, DEVICE };

/* A VM or a vCPU: an open file of the kernel, under any number of file descriptors and processes. */
struct file {
    enum kind kind;
    struct file *vm; /* of a vCPU; NULL: unknown */
    int number;      /* of the VM in the log; of a vCPU its id */
    struct place *places;
    struct file *next;
    bool gone;
    /* of a vCPU: */
    long runs;       /* KVM_RUNs in full since the last other operation */
    bool rest_noted; /* a record stands for all KVM_RUNs until the next other operation */
    pid_t runner;
    pid_t page_process; /* the process where its kvm_run page was found */
    uint64_t page;
};

static struct file *files;
static int next_vm;

static bool same_file(pid_t process, int fd, pid_t other, int other_fd) {
    if (process == other && fd == other_fd) {
        return true;
    }
    long same = syscall(SYS_kcmp, process, other, KCMP_FILE, (unsigned long)fd, (unsigned long)other_fd);
    if (same < 0 && (errno == ENOSYS || errno == EPERM)) {
        seen.by_number = true;
    }
    return same == 0;
}

/* What a file descriptor of a process refers to; for a vCPU also its id. */
static enum kind kind_of(pid_t process, int fd, int *id) {
    char path[64], link[128];
    snprintf(path, sizeof path, "/proc/%d/fd/%d", process, fd);
    ssize_t length = readlink(path, link, sizeof link - 1);
    if (length < 0) {
        return NO_KVM;
    }
    link[length] = 0;
    if (!strcmp(link, "anon_inode:kvm-vm")) {
        return VM;
    }
    if (!strncmp(link, "anon_inode:kvm-vcpu", 19) && (link[19] == ':' || !link[19])) { /* (not kvm-vcpu-stats) */
        *id = link[19] == ':' ? atoi(link + 20) : -1;
        return VCPU;
    }
    if (!strncmp(link, "anon_inode:[kvm", 15) || !strncmp(link, "anon_inode:kvm-", 15)) {
        return DEVICE;
    }
    /* (/dev/kvm by its number: a container may have it under any name.) */
    struct stat status;
    bool device = stat(path, &status) == 0 && S_ISCHR(status.st_mode);
    return device && major(status.st_rdev) == 10 && minor(status.st_rdev) == 232 ? SYSTEM : NO_KVM;
}

static struct file *new_file(enum kind kind, struct file *vm, int number) {
    struct file *file = allocate(sizeof *file);
    *file = (struct file){.kind = kind, .vm = vm, .number = number, .next = files};
    files = file;
    return file;
}

static void add_place(struct file *file, pid_t process, int fd) {
    for (struct place *p = file->places; p; p = p->next) {
        if (p->process == process && p->fd == fd) {
            return;
        }
    }
    struct place *place = allocate(sizeof *place);
    *place = (struct place){process, fd, file->places};
    file->places = place;
}

/* Forgets the places of a process, or one of them. */
static void forget_places(pid_t process, int fd) {
    for (struct file *file = files; file; file = file->next) {
        for (struct place **p = &file->places; *p;) {
            if ((*p)->process == process && (fd < 0 || (*p)->fd == fd)) {
                struct place *old = *p;
                *p = old->next;
                free(old);
            } else {
                p = &(*p)->next;
            }
        }
    }
}

/* A forked process has its parent's files, some of them until exec. */
static void copy_places(pid_t parent, pid_t child) {
    for (struct file *file = files; file; file = file->next) {
        for (struct place *p = file->places; p; p = p->next) {
            if (p->process == parent) {
                add_place(file, child, p->fd);
            }
        }
    }
}

/* Each number is used once, up to 65536 VMs; then the numbers of VMs that are gone are used again. */
static int new_vm_number(void) {
    if (next_vm <= 65535) {
        return next_vm++;
    }
    for (int number = 0; number <= 65535; number++) {
        bool used = false;
        for (struct file *file = files; file; file = file->next) {
            used |= file->kind == VM && !file->gone && file->number == number;
        }
        if (!used) {
            return number;
        }
    }
    fail("more than 65536 VMs at one time");
}

static struct file *vm_of_process(pid_t process) {
    struct file *only = NULL;
    for (struct file *file = files; file; file = file->next) {
        for (struct place *p = file->kind == VM && !file->gone ? file->places : NULL; p; p = p->next) {
            if (p->process == process && only != file) {
                if (only) {
                    return NULL;
                }
                only = file;
            }
        }
    }
    return only;
}

static bool is_open_at(const struct file *file, const struct place *place) {
    int id = -1;
    return kind_of(place->process, place->fd, &id) == file->kind && (file->kind != VCPU || id < 0 || id == file->number);
}

static bool is_open(const struct file *file) {
    for (struct place *p = file->places; p; p = p->next) {
        if (is_open_at(file, p)) {
            return true;
        }
    }
    return false;
}

/* The only VM, or vCPU of that id, with no valid number any more: it must have another. NULL if there are several. */
static struct file *lost_file(enum kind kind, int id) {
    struct file *only = NULL;
    for (struct file *file = files; file; file = file->next) {
        if (file->kind == kind && !file->gone && (kind == VM || file->number == id) && !is_open(file)) {
            if (only) {
                return NULL;
            }
            only = file;
        }
    }
    seen.by_elimination += only != NULL;
    return only;
}

/*
 * The VM or vCPU that a number refers to. The process may have reused the number (dup2, or a file that came through a
 * socket), so the recorder asks the kernel whether it is another known file. Adds a file whose creation it did not see.
 */
static struct file *find_file(pid_t process, int fd, enum kind kind, int id) {
    struct file *by_number = NULL, *found = NULL;
    for (struct file *file = files; file && !found; file = file->next) {
        if (file->kind != kind || file->gone || (kind == VCPU && id >= 0 && file->number != id)) {
            continue;
        }
        for (struct place *p = file->places; p; p = p->next) {
            if (p->process == process && p->fd == fd) {
                by_number = file;
            } else if (same_file(process, fd, p->process, p->fd)) {
                found = file;
                break;
            }
        }
    }
    if (found && found != by_number) {
        forget_places(process, fd);
        add_place(found, process, fd);
    }
    found = found ? found : by_number;
    if (!found) {
        forget_places(process, fd);
        found = lost_file(kind, id);
    }
    if (!found) {
        found = kind == VM ? new_file(VM, NULL, new_vm_number())
                            : new_file(VCPU, vm_of_process(process), (id < 0 ? fd : id) & 0xffff);
    }
    add_place(found, process, fd);
    return found;
}

/* How many kvm_run pages of a process may be a vCPU's: they have its id, and are not known to be another's. */
static int run_pages(const struct file *vcpu, pid_t process, uint64_t *page) {
    char path[64], name[64];
    snprintf(path, sizeof path, "/proc/%d/maps", process);
    snprintf(name, sizeof name, "anon_inode:kvm-vcpu:%d", vcpu->number);
    FILE *maps = fopen(path, "re");
    int pages = 0;
    char *line = NULL;
    size_t size = 0;
    while (maps && getline(&line, &size, maps) > 0) {
        uint64_t start, offset;
        int at = 0;
        line[strcspn(line, "\n")] = 0;
        if (sscanf(line, "%" SCNx64 "-%*x %*s %" SCNx64 " %*s %*s %n", &start, &offset, &at) != 2 || at == 0 || offset
            || strcmp(line + at, name)) {
            continue;
        }
        bool of_another = false;
        for (struct file *file = files; file; file = file->next) {
            of_another |= file != vcpu && !file->gone && file->page_process == process && file->page == start;
        }
        if (!of_another) {
            *page = start;
            pages++;
        }
    }
    free(line);
    if (maps) {
        fclose(maps);
    }
    return pages;
}

/* The address of a vCPU's kvm_run page in a process; 0 if it has none yet, or several might be it. */
static uint64_t run_page(struct file *vcpu, pid_t process) {
    uint64_t page = 0;
    if (vcpu->page_process == process) {
        return vcpu->page;
    }
    if (run_pages(vcpu, process, &page) != 1) {
        return 0;
    }
    vcpu->page_process = process;
    return vcpu->page = page;
}

/* ---- threads ---- */

struct msr { /* struct kvm_msr_entry */
    uint32_t index, reserved;
    uint64_t data;
};

struct call {
    const struct op *op; /* NULL: not in the list */
    uint32_t request;
    int fd;
    uint64_t arg;
    enum kind kind;
    struct file *vm, *vcpu;
    struct moment before;
    uint32_t nmsrs; /* the call's number of MSRs */
    int64_t msrs;   /* how many are in list; -1: the list could not be read */
    struct msr list[MOST_MSRS];
    struct text args;
};

struct thread {
    pid_t tid, process;
    bool calling; /* inside an ioctl that is recorded */
    bool named;
    struct call call;
    struct thread *next;
};

#define BUCKETS 1024
static struct thread *threads[BUCKETS];
static size_t live_threads;

static struct thread **slot(pid_t tid) {
    struct thread **t = &threads[(unsigned)tid % BUCKETS];
    while (*t && (*t)->tid != tid) {
        t = &(*t)->next;
    }
    return t;
}

static pid_t process_of(pid_t tid) {
    char path[64], line[256];
    int process = tid;
    snprintf(path, sizeof path, "/proc/%d/status", tid);
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file) && sscanf(line, "Tgid: %d", &process) != 1) {
    }
    if (file) {
        fclose(file);
    }
    return process;
}

static struct thread *thread_of(pid_t tid) {
    struct thread **t = slot(tid);
    if (!*t) {
        *t = allocate(sizeof **t);
        (*t)->tid = tid;
        (*t)->process = process_of(tid);
        live_threads++;
    }
    return *t;
}

static void forget_thread(pid_t tid) {
    struct thread **t = slot(tid);
    struct thread *old = *t;
    if (old) {
        *t = old->next;
        free(old);
        live_threads--;
    }
}

/* Reads the memory of a stopped thread; returns whether it could read all of it. */
static bool fetch(const struct thread *thread, uint64_t address, void *to, size_t size) {
    struct iovec local = {to, size}, remote = {(void *)(uintptr_t)address, size};
    bool whole = process_vm_readv(thread->tid, &local, 1, &remote, 1, 0) == (ssize_t)size;
    seen.not_readable += !whole;
    return whole;
}

/* ---- records ---- */

static void note(const struct thread *thread, const char *words) {
    struct text text = {0};
    if (thread) {
        char tid[16];
        snprintf(tid, sizeof tid, "%d", thread->tid);
        add_text(&text, "thread", tid);
    }
    add_text(&text, "note", words);
    fprintf(log_file, "{\"seq\":%" PRIu64 ",\"op\":\"note\",\"args\":{%s}}\n", sequence++, text.chars);
}

/* The log names a thread by its number, which never changes; it notes the name once. */
static void name_thread(struct thread *thread) {
    char path[64], name[64] = "", words[128];
    if (thread->named) {
        return;
    }
    thread->named = true;
    snprintf(path, sizeof path, "/proc/%d/task/%d/comm", thread->process, thread->tid);
    FILE *file = fopen(path, "re");
    if (file) {
        if (fgets(name, sizeof name, file)) {
            name[strcspn(name, "\n")] = 0;
        }
        fclose(file);
    }
    snprintf(words, sizeof words, "thread %d of process %d is named %s", thread->tid, thread->process, name);
    note(thread, words);
}

#if !X86
/* The CPU that a stopped thread last ran on; -1 if unknown. */
static int cpu_of(const struct thread *thread) {
    char path[64], line[1024];
    snprintf(path, sizeof path, "/proc/%d/task/%d/stat", thread->process, thread->tid);
    FILE *file = fopen(path, "re");
    int cpu = -1;
    if (file && fgets(line, sizeof line, file)) {
        char *field = strrchr(line, ')'); /* field 2; the CPU is field 39 */
        for (int i = 2; field && i < 39; i++) {
            field = strchr(field + 1, ' ');
        }
        cpu = field ? atoi(field + 1) : -1;
    }
    if (file) {
        fclose(file);
    }
    return cpu;
}
#endif

static void write_record(
        pid_t tid, const char *op, int vm, int vcpu, const char *args, const char *outcome, const char *out, int pcpu,
        uint64_t before, struct moment after) {
    char numbers[64] = "", cpu[32] = "";
    if (vm >= 0) {
        snprintf(numbers, sizeof numbers, ",\"vm\":%d", vm);
    }
    if (vcpu >= 0) {
        size_t used = strlen(numbers);
        snprintf(numbers + used, sizeof numbers - used, ",\"vcpu\":%d", vcpu);
    }
    if (pcpu >= 0) {
        snprintf(cpu, sizeof cpu, ",\"pcpu\":%d", pcpu);
    }
    fprintf(log_file,
            "{\"seq\":%" PRIu64 ",\"t\":%" PRIu64 ",\"rt\":%" PRIu64 "%s%s,\"op\":\"%s\",\"args\":{\"thread\":\"%d\"%s%s}%s,"
            "\"out\":{%s},\"" COUNTER "\":[%" PRIu64 ",%" PRIu64 "]}\n",
            sequence++, after.t, after.rt, cpu, numbers, op, tid, *args ? "," : "",
            args, outcome, out, before, after.counter);
    seen.records++;
}

static const char *name_of(const struct call *call, char *buffer, size_t size) {
    if (call->op) {
        return call->op->name;
    }
    snprintf(buffer, size, "KVM_0x%08" PRIx32, call->request);
    return buffer;
}

/* Another operation makes the next KVM_RUNs of interest again; of a VM's operations only those that may change it. */
static void rearm_runs(const struct call *call, pid_t tid) {
    bool asks = call->request == KVM_CHECK_EXTENSION || (call->op && !strncmp(call->op->name, "KVM_GET_", 8));
    for (struct file *file = files; file; file = file->next) {
        bool of_vm = !call->vcpu && call->vm && file->vm == call->vm && !asks;
        if (file->kind == VCPU && (file == call->vcpu || of_vm || file->runner == tid)) {
            file->runs = 0;
            file->rest_noted = false;
        }
    }
}

/*
 * One record.
 *
 * outcome: `,"ret":R,"errno":E`, or empty if the result of the ioctl is unknown
 */
static void emit(struct thread *thread, const char *outcome, const struct text *out, struct moment after) {
    struct call *call = &thread->call;
    char buffer[32];
    int vm = call->vm ? call->vm->number : -1;
    int vcpu = call->vcpu ? call->vcpu->number : -1;
    int pcpu = -1;
    const char *op = name_of(call, buffer, sizeof buffer);
    if (call->args.full || out->full) {
        fail("%s: its record is longer than it can be", op);
    }
    if (call->request == KVM_CREATE_VCPU && call->arg <= 65535) {
        vcpu = (int)call->arg;
    }
#if X86
    pcpu = sched_getcpu() <= 4094 ? sched_getcpu() : -1; /* (as many as the format has) */
#else
    pcpu = call->request == KVM_RUN ? cpu_of(thread) : -1;
#endif
    name_thread(thread);
    write_record(thread->tid, op, vm, vcpu, call->args.chars, outcome, out->chars, pcpu, call->before.counter, after);
    if (call->request == KVM_RUN) {
        seen.runs++;
    } else {
        rearm_runs(call, thread->tid);
    }
}

/* ---- VMs that are gone ---- */

/* Whether a process that has, or had, a VM's files maps a page of its vCPU: that keeps the VM alive. */
static bool is_mapped(const struct file *vm, const struct file *vcpu) {
    uint64_t page;
    for (struct file *file = files; file; file = file->next) {
        for (struct place *p = file == vm || file->vm == vm ? file->places : NULL; p; p = p->next) {
            if (run_pages(vcpu, p->process, &page) > 0) {
                return true;
            }
        }
    }
    return false;
}

/*
 * Finds the VMs that no process has open any more, and writes a close_vm for each. Processes do not stop at close(), so
 * the close_vm comes some time after it; a page of a vCPU that is still mapped keeps a VM alive.
 */
static void note_closed_vms(pid_t tid) {
    for (struct file *vm = files; vm; vm = vm->next) {
        if (vm->kind != VM || vm->gone) {
            continue;
        }
        bool open = false;
        for (struct file *file = files; file && !open; file = file->next) {
            open = (file == vm || file->vm == vm) && is_open(file);
        }
        for (struct file *file = files; file && !open; file = file->next) {
            open = file->vm == vm && is_mapped(vm, file);
        }
        if (!open) {
            struct moment now = moment();
            write_record(tid, "close_vm", vm->number, -1, "", ",\"ret\":0,\"errno\":0", "", -1, now.counter, now);
            for (struct file *file = files; file; file = file->next) {
                if (file == vm || file->vm == vm) {
                    file->gone = true;
                    while (file->places) {
                        struct place *old = file->places;
                        file->places = old->next;
                        free(old);
                    }
                }
            }
        }
    }
}

/* Frees VMs and vCPUs that are gone and without references. vCPUs first: they refer to their VM. */
static void forget_closed_files(void) {
    for (int kind = VCPU; kind >= VM; kind--) {
        for (struct file **f = &files; *f;) {
            struct file *old = *f;
            bool in_use = false;
            for (size_t i = 0; i < BUCKETS && old->gone; i++) {
                for (struct thread *t = threads[i]; t; t = t->next) {
                    in_use |= t->calling && (t->call.vm == old || t->call.vcpu == old);
                }
            }
            for (struct file *v = files; v && kind == VM && old->gone; v = v->next) {
                in_use |= v->vm == old;
            }
            if (old->gone && (int)old->kind == kind && !in_use) {
                *f = old->next;
                free(old);
            } else {
                f = &old->next;
            }
        }
    }
}

/* ---- payloads ---- */

/* The MSRs that concern time among the first `taken` of a call's list; nothing if one of them is there twice. */
static bool add_clock_msrs(struct text *text, const struct msr *list, int64_t taken) {
    struct text msrs = {0};
    for (size_t m = 0; m < COUNT(CLOCK_MSRS); m++) {
        int times = 0;
        for (int64_t i = 0; i < taken; i++) {
            times += list[i].index == CLOCK_MSRS[m];
        }
        if (times > 1) {
            return false;
        }
    }
    for (int64_t i = 0; i < taken; i++) {
        for (size_t m = 0; m < COUNT(CLOCK_MSRS); m++) {
            if (list[i].index == CLOCK_MSRS[m]) {
                char key[16];
                snprintf(key, sizeof key, "0x%" PRIx32, list[i].index);
                add_word(&msrs, key, list[i].data);
            }
        }
    }
    add(text, "%s\"clock_msrs\":{%s}", text->length ? "," : "", msrs.chars);
    return true;
}

static bool fetch_msrs(struct thread *thread) {
    struct call *call = &thread->call;
    uint32_t header[2];
    call->msrs = -1;
    if (!fetch(thread, call->arg, header, sizeof header)) {
        return false;
    }
    if (header[0] <= MOST_MSRS
        && (header[0] == 0 || fetch(thread, call->arg + 8, call->list, header[0] * sizeof *call->list))) {
        call->msrs = header[0];
    }
    call->nmsrs = header[0];
    return true;
}

/* Whether an attribute's value is an offset: the TSC's on x86, a counter's on arm64 under the series of 2021. */
static bool is_offset(const struct call *call, const struct kvm_device_attr *attribute) {
    return call->kind == VCPU
        && (X86 ? attribute->group == TSC_CTRL_GROUP && attribute->attr == TSC_OFFSET_ATTR
                : attribute->group == 1 && (attribute->attr == 2 || attribute->attr == 3));
}

static void before_attribute(struct thread *thread) {
    struct call *call = &thread->call;
    struct kvm_device_attr attribute;
    uint64_t offset;
    if (!fetch(thread, call->arg, &attribute, sizeof attribute)) {
        return;
    }
    bool tsc_offset = X86 && is_offset(call, &attribute);
    if (tsc_offset) {
        add_text(&call->args, "group", "KVM_VCPU_TSC_CTRL");
        add_text(&call->args, "attr", "KVM_VCPU_TSC_OFFSET");
    } else {
        add_word(&call->args, "group", attribute.group);
        add_word(&call->args, "attr", attribute.attr);
    }
    if (call->request == KVM_SET_DEVICE_ATTR && is_offset(call, &attribute)
        && fetch(thread, attribute.addr, &offset, sizeof offset)) {
        add_signed(&call->args, "offset", offset);
    }
}

static void add_register(struct thread *thread, struct text *to, bool value_only) {
    struct kvm_one_reg reg;
    uint64_t value;
    if (!fetch(thread, thread->call.arg, &reg, sizeof reg)) {
        return;
    }
    if (!value_only) {
        char id[32];
        snprintf(id, sizeof id, "0x%" PRIx64, (uint64_t)reg.id);
        add_text(to, "id", id);
        for (size_t i = 0; i < COUNT(ARM_TIMER_REGISTERS) && !X86; i++) {
            if (ARM_TIMER_REGISTERS[i].id == reg.id) {
                add_text(to, "reg", ARM_TIMER_REGISTERS[i].name);
            }
        }
    }
    bool word = (reg.id & KVM_REG_SIZE_MASK) == KVM_REG_SIZE_U64;
    if (word && value_only && fetch(thread, reg.addr, &value, sizeof value)) {
        add_word(to, "value", value);
    }
}

/* Whether the guest's CPUID has the TSC-deadline timer (leaf 1, ECX, bit 24), without which KVM has no such mode. */
static void add_cpuid(struct thread *thread) {
    struct call *call = &thread->call;
    uint32_t entries;
    uint32_t entry[10]; /* struct kvm_cpuid_entry2: function, index, flags, eax, ebx, ecx, ... */
    bool timer = false;
    if (!fetch(thread, call->arg, &entries, sizeof entries) || entries > MOST_CPUID_ENTRIES) {
        return;
    }
    for (uint32_t i = 0; i < entries; i++) {
        if (!fetch(thread, call->arg + 8 + i * sizeof entry, entry, sizeof entry)) {
            return;
        }
        if (entry[0] == 1) {
            timer = entry[5] >> 24 & 1;
            break;
        }
    }
    add_word(&call->args, "tsc_deadline_timer", timer);
}

/* The input of an ioctl. A field that cannot be read, or that the format cannot express, is left out: it is unknown. */
static void before_ioctl(struct thread *thread) {
    struct call *call = &thread->call;
    struct text *args = &call->args;
    switch (call->op ? call->op->payload : NAME_ONLY) {
        case CREATE_VCPU:
            if (call->arg <= 65535) {
                add_word(args, "id", call->arg);
            }
            break;
        case BY_VALUE:
            if (call->arg <= INT_MAX) {
                add_word(args, call->op->key, call->arg);
            }
            break;
        case MSRS:
            if (fetch_msrs(thread)) {
                add_word(args, "nmsrs", call->nmsrs);
            }
            break;
        case ATTRIBUTE:
            before_attribute(thread);
            break;
        case CLOCK: {
            struct kvm_clock_data clock;
            if (call->request == KVM_SET_CLOCK && fetch(thread, call->arg, &clock, sizeof clock)) {
                add_word(args, "clock", clock.clock);
                if (clock.flags <= INT_MAX) {
                    add_word(args, "flags", clock.flags);
                }
                uint64_t realtime;
                memcpy(&realtime, (char *)&clock + 16, sizeof realtime); /* (padding in older headers) */
                add_word(args, "realtime", realtime);
            }
            break;
        }
        case REGISTER:
            add_register(thread, args, false);
            if (call->request == KVM_SET_ONE_REG) {
                add_register(thread, args, true);
            }
            break;
        case VCPU_INIT: {
            uint32_t init[2];
            if (fetch(thread, call->arg, init, sizeof init)) {
                add_word(args, "target", init[0]);
                add_word(args, "features0", init[1]);
            }
            break;
        }
        case COUNTER_OFFSET: {
            uint64_t given[2];
            if (fetch(thread, call->arg, given, sizeof given)) {
                add_word(args, "counter_offset", given[0]);
                add_word(args, "reserved", given[1]);
            }
            break;
        }
        case ENABLE_CAP: {
            struct kvm_enable_cap cap;
            if (fetch(thread, call->arg, &cap, sizeof cap)) {
                add_word(args, "num", cap.cap);
                add_word(args, "arg0", cap.args[0]);
            }
            break;
        }
        case LAPIC: {
            uint32_t lvtt;
            if (fetch(thread, call->arg + LVTT, &lvtt, sizeof lvtt)) {
                add_word(args, "lvtt", lvtt);
            }
            break;
        }
        case CPUID:
            add_cpuid(thread);
            break;
        case RUN: {
            uint64_t page = call->vcpu ? run_page(call->vcpu, thread->process) : 0;
            uint8_t immediate_exit;
            if (page && fetch(thread, page + 1, &immediate_exit, 1)) {
                add_word(args, "immediate_exit", immediate_exit);
            }
            break;
        }
        default:
            break;
    }
}

/* The output of an ioctl that succeeded. */
static void after_ioctl(struct thread *thread, int64_t result, struct text *out) {
    struct call *call = &thread->call;
    switch (call->op ? call->op->payload : NAME_ONLY) {
        case CREATE_VM:
        case CREATE_VCPU: {
            bool vm = call->request == KVM_CREATE_VM;
            int fd = (int)result;
            for (struct file *file = files; file && !vm; file = file->next) {
                if (file->kind == VCPU && !file->gone && file->number == (int)call->arg && !file->page) {
                    run_page(file, thread->process); /* (while its page is the only one of that name) */
                }
            }
            forget_places(thread->process, fd);
            struct file *file = vm ? new_file(VM, NULL, new_vm_number()) : new_file(VCPU, call->vm, (int)call->arg);
            add_place(file, thread->process, fd);
            *(vm ? &call->vm : &call->vcpu) = file;
            seen.vms += vm;
            break;
        }
        case MSRS: {
            bool set = call->request == SET_MSRS;
            if (!set) {
                if (fetch_msrs(thread)) {
                    add_word(out, "nmsrs", call->nmsrs);
                }
            }
            bool listed = call->msrs >= 0 && result <= call->msrs;
            listed = listed && add_clock_msrs(set ? &call->args : out, call->list, result);
            if (set) {
                add_word(&call->args, "complete", listed);
            }
            break;
        }
        case ATTRIBUTE: {
            struct kvm_device_attr attribute;
            uint64_t offset;
            if (call->request == KVM_GET_DEVICE_ATTR && fetch(thread, call->arg, &attribute, sizeof attribute)
                && is_offset(call, &attribute) && fetch(thread, attribute.addr, &offset, sizeof offset)) {
                add_signed(out, "offset", offset);
            }
            break;
        }
        case CLOCK: {
            struct kvm_clock_data clock;
            if (call->request == KVM_GET_CLOCK && fetch(thread, call->arg, &clock, sizeof clock)) {
                uint64_t later[2];
                memcpy(later, (char *)&clock + 16, sizeof later);
                add_word(out, "clock", clock.clock);
                add_word(out, "flags", clock.flags);
                add_word(out, "realtime", later[0]);
                add_word(out, "host_tsc", later[1]);
            }
            break;
        }
        case REGISTER:
            if (call->request == KVM_GET_ONE_REG) {
                add_register(thread, out, true);
            }
            break;
        case RUN: {
            uint64_t page = call->vcpu ? run_page(call->vcpu, thread->process) : 0;
            uint32_t reason;
            if (page && fetch(thread, page + 8, &reason, sizeof reason)) {
                add_word(out, "exit", reason);
            }
            break;
        }
        default:
            break;
    }
}

/* ---- one ioctl ---- */

static struct file *known_vcpu(pid_t process, int fd) {
    for (struct file *file = files; file; file = file->next) {
        for (struct place *p = file->kind == VCPU && !file->gone ? file->places : NULL; p; p = p->next) {
            if (p->process == process && p->fd == fd) {
                return file;
            }
        }
    }
    return NULL;
}

/* Whether a KVM_RUN is recorded with its end; a record that stands for several KVM_RUNs has only the beginning. */
static bool is_run_of_interest(struct thread *thread) {
    struct call *call = &thread->call;
    struct file *vcpu = call->vcpu;
    if (vcpu->runner != thread->tid) {
        vcpu->runner = thread->tid;
        vcpu->runs = 0;
        vcpu->rest_noted = false;
    }
    if (vcpu->runs < options.runs) {
        vcpu->runs++;
        return true;
    }
    if (vcpu->rest_noted) {
        seen.runs_left_out++;
        return false;
    }
    vcpu->rest_noted = true;
    add_text(&call->args, "note", "this one and all that follow, until the next line of this thread or vCPU");
    call->before = moment();
    emit(thread, "", &(struct text){0}, call->before);
    return false;
}

/* A thread is about to do an ioctl. Returns whether the recorder waits for its result. */
static bool enter_ioctl(struct thread *thread, int fd, uint32_t request, uint64_t arg) {
    static uint64_t looked;
    struct call *call = &thread->call;
    if (((request >> 8) & 0xff) != KVMIO) {
        return false;
    }
    call->op = op_of(request);
    if (call->op && call->op->payload == QUIET && !options.every_ioctl) {
        return false;
    }
    call->request = request;
    call->fd = fd;
    call->arg = arg;
    call->vm = NULL;
    call->vcpu = request == KVM_RUN ? known_vcpu(thread->process, fd) : NULL;
    call->kind = VCPU;
    call->args.length = 0;
    call->args.full = false;
    call->args.chars[0] = 0;
    if (!call->vcpu || call->vcpu->runs < options.runs) { /* (otherwise a left-out KVM_RUN: keep it short) */
        int id = -1;
        call->kind = kind_of(thread->process, fd, &id);
        if (call->kind == NO_KVM || call->kind == DEVICE) {
            seen.of_devices += call->kind == DEVICE;
            return false;
        }
        uint64_t now = nanoseconds(CLOCK_MONOTONIC);
        if (request == KVM_CREATE_VM || now - looked > 100000000) {
            looked = now;
            note_closed_vms(thread->tid);
            forget_closed_files();
        }
        if (request == KVM_GET_ONE_REG && call->kind == VM) {
            return false; /* on a VM this number is KVM_ARM_SET_DEVICE_ADDR, which is harmless */
        }
        call->vcpu = call->kind == VCPU ? find_file(thread->process, fd, VCPU, id) : NULL;
        call->vm = call->kind == VM ? find_file(thread->process, fd, VM, -1) : NULL;
    }
    if (call->vcpu) {
        call->vm = call->vcpu->vm;
    }
    if (request == KVM_RUN && (!call->vcpu || !is_run_of_interest(thread))) {
        return false;
    }
    before_ioctl(thread);
    thread->calling = true;
    call->before = moment();
    return true;
}

static void leave_ioctl(struct thread *thread, int64_t result, bool is_error, struct moment after) {
    /* As in the kernel: it restarts the ioctl, or returns EINTR instead. */
    enum { ERESTARTSYS = 512, ERESTARTNOINTR, ERESTARTNOHAND, ERESTART_RESTARTBLOCK = 516 };
    char outcome[64];
    struct text out = {0};
    thread->calling = false;
    if (is_error && -result >= ERESTARTSYS && -result <= ERESTART_RESTARTBLOCK) {
        if (thread->call.request != KVM_RUN) {
            seen.restarted++; /* the ioctl did nothing */
            return;
        }
        result = -EINTR; /* the guest may have run */
    }
    if (is_error && thread->call.kind == SYSTEM) {
        seen.of_no_vm++;
        return;
    }
    if (!is_error) {
        after_ioctl(thread, result, &out);
    }
    snprintf(outcome, sizeof outcome, ",\"ret\":%" PRId64 ",\"errno\":%" PRId64, is_error ? -1 : result,
             is_error ? -result : 0);
    emit(thread, outcome, &out, after);
}

/* A thread is gone during an ioctl, whose result is unknown. */
static void abandon_ioctl(struct thread *thread, struct moment now) {
    if (thread->calling) {
        thread->calling = false;
        seen.unfinished++;
        /* (for a KVM_RUN with only a beginning, the interval shows that) */
        emit(thread, "", &(struct text){0}, thread->call.request == KVM_RUN ? thread->call.before : now);
    }
}

/* ---- following threads ---- */

#define FOLLOW (PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC)

static pid_t command;
static int command_status = -1;
static bool executed;
static volatile sig_atomic_t asked_to_stop;
static bool detaching;

static void go_on(struct thread *thread, int signal) {
    if (detaching) {
        ptrace(PTRACE_DETACH, thread->tid, NULL, (void *)(intptr_t)signal);
        forget_thread(thread->tid);
        return;
    }
    bool syscalls = options.attach || thread->calling;
    /* (A killed thread no longer exists: waitpid reports it.) */
    ptrace(syscalls ? PTRACE_SYSCALL : PTRACE_CONT, thread->tid, NULL, (void *)(intptr_t)signal);
}

static void take_syscall(struct thread *thread, struct moment now) {
    struct __ptrace_syscall_info info = {0};
    if (ptrace(PTRACE_GET_SYSCALL_INFO, thread->tid, (void *)sizeof info, &info) <= 0) {
        return;
    }
    bool entry = info.op == PTRACE_SYSCALL_INFO_ENTRY, seccomp = info.op == PTRACE_SYSCALL_INFO_SECCOMP;
    if ((entry || seccomp) && info.arch == NATIVE_ARCH && !detaching) {
        uint64_t number = entry ? info.entry.nr : info.seccomp.nr;
        const uint64_t *args = entry ? (const uint64_t *)info.entry.args : (const uint64_t *)info.seccomp.args;
        if (number == SYS_ioctl) {
            enter_ioctl(thread, (int)args[0], (uint32_t)args[1], args[2]);
        }
    } else if (info.op == PTRACE_SYSCALL_INFO_EXIT && thread->calling) {
        leave_ioctl(thread, info.exit.rval, info.exit.is_error, now);
    }
}

static unsigned long event_message(pid_t tid) {
    unsigned long message = 0;
    ptrace(PTRACE_GETEVENTMSG, tid, NULL, &message);
    return message;
}

/* The system calls of another architecture have other numbers and structs. */
static void warn_of_32_bits(pid_t process) {
    char path[64];
    unsigned char header[5] = {0};
    snprintf(path, sizeof path, "/proc/%d/exe", process);
    FILE *file = fopen(path, "re");
    if (file && fread(header, sizeof header, 1, file) == 1 && !memcmp(header, "\177ELF\1", sizeof header)) {
        fprintf(host_file, "32-bit program, not recorded: process %d\n", process);
        fprintf(stderr, "longitude-record: process %d is a 32-bit program: not recorded\n", process);
    }
    if (file) {
        fclose(file);
    }
}

/* A process has called exec: one thread is left, under the number of the process. */
static void take_exec(struct thread *thread, struct moment now) {
    for (size_t i = 0; i < BUCKETS; i++) {
        for (struct thread *t = threads[i], *next; t; t = next) {
            next = t->next;
            if (t->process == thread->process && t != thread) {
                abandon_ioctl(t, now);
                forget_thread(t->tid);
            }
        }
    }
    abandon_ioctl(thread, now); /* (of the process's first thread, which another one has replaced) */
    thread->named = false;
    for (struct file *file = files; file; file = file->next) {
        file->page_process = file->page_process == thread->process ? 0 : file->page_process;
    }
    warn_of_32_bits(thread->process);
    static bool reported;
    if (thread->tid == command && !reported) {
        char path[64], line[256];
        int no_new_privs = -1;
        struct stat status;
        reported = true;
        snprintf(path, sizeof path, "/proc/%d/status", command);
        FILE *file = fopen(path, "re");
        while (file && fgets(line, sizeof line, file) && sscanf(line, "NoNewPrivs: %d", &no_new_privs) != 1) {
        }
        if (file) {
            fclose(file);
        }
        fprintf(host_file, "no_new_privs %d\n", no_new_privs);
        snprintf(path, sizeof path, "/proc/%d/exe", command);
        if (no_new_privs == 1 && stat(path, &status) == 0 && (status.st_mode & (S_ISUID | S_ISGID))) {
            fputs("longitude-record: the command is set-user-ID or set-group-ID, which has no effect under the "
                  "recorder unless root starts it\n", stderr);
        }
    }
}

static void take_stop(struct thread *thread, int status, struct moment now) {
    int event = status >> 16, signal = WSTOPSIG(status), pass_on = 0;
    switch (event) {
        case 0:
            if (signal == (SIGTRAP | 0x80)) {
                take_syscall(thread, now);
            } else {
                pass_on = signal;
            }
            break;
        case PTRACE_EVENT_SECCOMP:
            take_syscall(thread, now);
            break;
        case PTRACE_EVENT_FORK:
        case PTRACE_EVENT_VFORK:
        case PTRACE_EVENT_CLONE: {
            struct thread *child = thread_of((pid_t)event_message(thread->tid));
            if (child->process != thread->process) {
                copy_places(thread->process, child->process);
            }
            break;
        }
        case PTRACE_EVENT_EXEC:
            executed = true;
            take_exec(thread, now);
            break;
        case PTRACE_EVENT_STOP:
            if (!detaching
                && (signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU)) {
                ptrace(PTRACE_LISTEN, thread->tid, NULL, NULL);
                return;
            }
            break;
        default:
            break;
    }
    go_on(thread, pass_on);
}

static void take_end(pid_t tid, int status, struct moment now) {
    struct thread *thread = *slot(tid);
    bool is_process = !thread || thread->process == tid;
    if (thread) {
        abandon_ioctl(thread, now);
        forget_thread(tid);
    }
    if (tid == command) {
        command_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    if (is_process) {
        forget_places(tid, -1);
        note_closed_vms(tid);
        forget_closed_files();
    }
}

static void detach_all(void) {
    detaching = true;
    for (size_t i = 0; i < BUCKETS; i++) {
        for (struct thread *t = threads[i]; t; t = t->next) {
            ptrace(PTRACE_INTERRUPT, t->tid, NULL, NULL);
        }
    }
}

/* Follows all threads until the last has ended or is detached. */
static void follow(void) {
    while (!options.attach || live_threads > 0) {
        int status;
        pid_t tid = waitpid(-1, &status, __WALL);
        struct moment now = moment();
        if (tid < 0 && errno == ECHILD) {
            return;
        }
        if (tid > 0 && WIFSTOPPED(status)) {
            take_stop(thread_of(tid), status, now);
        } else if (tid > 0) {
            take_end(tid, status, now);
        }
        if (asked_to_stop && options.attach && !detaching) {
            detach_all();
        }
    }
}

/* Follows the kernel's tracepoints in a thread too, and in those that it creates. */
static void trace_thread(pid_t tid);

/* ---- starting a command ---- */

/*
 * Stops the thread at KVM's ioctls, except those that are left out, and does not touch other system calls. If the VMM
 * has a filter of its own, the stricter result counts, so what that filter forbids stays forbidden.
 */
static bool install_filter(void) {
    struct sock_filter filter[COUNT(OPS) + 16];
    unsigned short n = 0;
    uint16_t quiet[COUNT(OPS)];
    size_t quiets = 0;
    for (size_t i = 0; i < COUNT(OPS) && !options.every_ioctl; i++) {
        if (OPS[i].payload == QUIET) {
            quiet[quiets++] = (uint16_t)i;
        }
    }
    uint8_t to_end = (uint8_t)(quiets + 1);
    _Static_assert(COUNT(OPS) < 240, "a jump of the filter reaches 255 instructions");
    filter[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    filter[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 0, (uint8_t)(to_end + 6));
    filter[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch));
    filter[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NATIVE_ARCH, 0, (uint8_t)(to_end + 4));
    /* (Both architectures are little-endian; KVM also reads the lower 32 bits.) */
    filter[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1]));
    filter[n++] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xff00);
    filter[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, KVMIO << 8, 0, (uint8_t)(to_end + 1));
    filter[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1]));
    for (size_t i = 0; i < quiets; i++) {
        filter[n++] =
            (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, OPS[quiet[i]].request, (uint8_t)(quiets - i), 0);
    }
    filter[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE);
    filter[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    struct sock_fprog program = {n, filter};
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0) {
        return true; /* (root need not give up set-user-ID programs) */
    }
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0;
}

/*
 * An interrupt from the terminal reaches the command too, so the recorder does not pass it on; nor a signal that the
 * recorder's parent sends because the interrupt reached it as well.
 */
static void take_signal(int signal, siginfo_t *info, void *context) {
    static volatile sig_atomic_t interrupted;
    (void)context;
    asked_to_stop = 1;
    if (options.attach) {
        alarm(1); /* (in case the signal comes just before waitpid sleeps) */
    } else if (signal == SIGINT || signal == SIGQUIT) {
        interrupted = 1;
    } else if (signal != SIGALRM && command > 0 && !(interrupted && info->si_pid == getppid())) {
        kill(command, signal);
    }
}

static void take_signals(void) {
    static const int SIGNALS[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGALRM};
    struct sigaction taken = {.sa_sigaction = take_signal, .sa_flags = SA_SIGINFO}, before;
    sigemptyset(&taken.sa_mask);
    sigaddset(&taken.sa_mask, SIGTERM);
    sigaddset(&taken.sa_mask, SIGHUP);
    for (size_t i = 0; i < COUNT(SIGNALS); i++) {
        if (sigaction(SIGNALS[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN) { /* (as after nohup) */
            sigaction(SIGNALS[i], &taken, NULL);
        }
    }
    signal(SIGCHLD, SIG_DFL);
}

/* Starts a child that calls `body` once the recorder follows it. */
static void launch(void (*body)(void *), void *argument) {
    int ready[2];
    if (pipe2(ready, O_CLOEXEC)) {
        fail("pipe: %s", strerror(errno));
    }
    fflush(NULL);
    command = fork();
    if (command < 0) {
        fail("fork: %s", strerror(errno));
    }
    if (command == 0) {
        char go;
        close(ready[1]);
        if (read(ready[0], &go, 1) != 1) {
            _exit(2);
        }
        if (!install_filter()) {
            fprintf(stderr, "longitude-record: no seccomp filter can be installed: %s\n", strerror(errno));
            _exit(2);
        }
        body(argument);
        _exit(127);
    }
    close(ready[0]);
    if (ptrace(PTRACE_SEIZE, command, NULL, (void *)(intptr_t)(FOLLOW | PTRACE_O_TRACESECCOMP | PTRACE_O_EXITKILL))) {
        int why = errno;
        kill(command, SIGKILL);
        fail("a child cannot be traced: %s (kernel.yama.ptrace_scope=3, or a container, may forbid ptrace)", strerror(why));
    }
    thread_of(command);
    trace_thread(command);
    if (write(ready[1], "", 1) != 1) {
        fail("the child is gone");
    }
    close(ready[1]);
}

static void execute(void *argument) {
    char **argv = argument;
    execvp(argv[0], argv);
    fprintf(stderr, "longitude-record: %s: %s\n", argv[0], strerror(errno));
    _exit(errno == ENOENT ? 127 : 126);
}

/* ---- a running process ---- */

static bool attach_threads(pid_t process) {
    char path[64];
    bool more = false;
    snprintf(path, sizeof path, "/proc/%d/task", process);
    DIR *tasks = opendir(path);
    if (!tasks) {
        fail("no process %d", process);
    }
    for (struct dirent *entry; (entry = readdir(tasks));) {
        pid_t tid = atoi(entry->d_name);
        if (tid <= 0 || *slot(tid)) {
            continue;
        }
        if (ptrace(PTRACE_SEIZE, tid, NULL, (void *)(intptr_t)FOLLOW)) {
            if (errno == ESRCH) {
                continue;
            }
            fail("process %d cannot be traced: %s (kernel.yama.ptrace_scope, another tracer, or another user's process)",
                 process, strerror(errno));
        }
        thread_of(tid);
        trace_thread(tid);
        ptrace(PTRACE_INTERRUPT, tid, NULL, NULL);
        more = true;
    }
    closedir(tasks);
    return more;
}

static void attach(pid_t process) {
    while (attach_threads(process)) { /* (until there is no new thread: threads may create others meanwhile) */
    }
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/fd", process);
    for (int kind = VM; kind <= VCPU; kind++) {
        DIR *fds = opendir(path);
        for (struct dirent *entry; fds && (entry = readdir(fds));) {
            int id = -1, fd = isdigit((unsigned char)*entry->d_name) ? atoi(entry->d_name) : -1;
            if (fd >= 0 && (int)kind_of(process, fd, &id) == kind) {
                find_file(process, fd, (enum kind)kind, id);
            }
        }
        if (fds) {
            closedir(fds);
        }
    }
}

/* ---- facts about the host ---- */

static void copy_line(const char *path, const char *key) {
    char line[4096];
    FILE *file = fopen(path, "re");
    if (file && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = 0;
        fprintf(host_file, "%s%s%s\n", key, strchr(key, '=') ? "" : " ", line);
    }
    if (file) {
        fclose(file);
    }
}

/* The kernel's messages about its clocks and about KVM. */
static void write_messages(void) {
    static const char *const OF_INTEREST[] = {"tsc", "TSC",        "clocksource",  "kvm",
                                              "VHE", "mode initialized", "arch_timer", "CPU features: detected"};
    int size = klogctl(10, NULL, 0);
    char *all = size > 0 ? malloc((size_t)size + 1) : NULL;
    int length = all ? klogctl(3, all, size) : -1;
    if (length < 0) {
        fprintf(host_file, "messages cannot be read: %s\n", strerror(errno));
        free(all);
        return;
    }
    all[length] = 0;
    char *save = NULL;
    int lines = 0;
    for (char *line = strtok_r(all, "\n", &save); line && lines < 200; line = strtok_r(NULL, "\n", &save)) {
        char *text = *line == '<' && strchr(line, '>') ? strchr(line, '>') + 1 : line;
        bool wanted = false;
        for (size_t i = 0; i < COUNT(OF_INTEREST); i++) {
            wanted |= strstr(text, OF_INTEREST[i]) != NULL;
        }
        if (wanted) {
            fprintf(host_file, "dmesg %s\n", text);
            lines++;
        }
    }
    free(all);
}

static void write_parameters(const char *module) {
    char folder[128], path[512], key[600];
    snprintf(folder, sizeof folder, "/sys/module/%s/parameters", module);
    DIR *parameters = opendir(folder);
    for (struct dirent *entry; parameters && (entry = readdir(parameters));) {
        if (strstr(entry->d_name, "tsc") || strstr(entry->d_name, "clock") || strstr(entry->d_name, "vector_hashing")) {
            snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
            snprintf(key, sizeof key, "param %s=", path);
            copy_line(path, key);
        }
    }
    if (parameters) {
        closedir(parameters);
    }
}

/* The words of the kernel's command line that concern clocks or KVM; the others are private. */
static void write_command_line(void) {
    static const char *const OF_INTEREST[] = {"tsc", "clock", "kvm", "hpet", "timer", "acpi_pm"};
    char line[4096], *save = NULL;
    FILE *file = fopen("/proc/cmdline", "re");
    if (file && fgets(line, sizeof line, file)) {
        fputs("cmdline", host_file);
        for (char *word = strtok_r(line, " \n", &save); word; word = strtok_r(NULL, " \n", &save)) {
            bool wanted = false;
            for (size_t i = 0; i < COUNT(OF_INTEREST); i++) {
                wanted |= strstr(word, OF_INTEREST[i]) != NULL;
            }
            if (wanted) {
                fprintf(host_file, " %s", word);
            }
        }
        fputc('\n', host_file);
    }
    if (file) {
        fclose(file);
    }
}

static void write_host(void) {
    struct utsname name;
    uname(&name);
    fprintf(host_file, "recorder longitude-record\narch %s\nkernel %s\nversion %s\n", name.machine, name.release, name.version);
    write_command_line();
    copy_line("/sys/devices/system/clocksource/clocksource0/current_clocksource", "clocksource");
    copy_line("/sys/devices/system/clocksource/clocksource0/available_clocksource", "clocksources");
    fprintf(host_file, "cpus %ld\n", sysconf(_SC_NPROCESSORS_ONLN));
    char line[4096];
    FILE *cpus = fopen("/proc/cpuinfo", "re");
    for (int wanted = X86 ? 2 : 0; wanted > 0 && cpus && fgets(line, sizeof line, cpus);) {
        char *value = strstr(line, ": ");
        if (value && (!strncmp(line, "vendor_id", 9) || !strncmp(line, "model name", 10))) {
            fprintf(host_file, "%s %s", line[0] == 'v' ? "vendor" : "model", value + 2);
            wanted--;
        }
    }
    if (cpus) {
        fclose(cpus);
    }
    write_parameters("kvm");
    write_parameters("kvm_intel");
    write_parameters("kvm_amd");
    write_messages();
}

#if X86
/* A guest of one vCPU that reads its TSC into its memory and exits, again and again. */
struct little_guest {
    int kvm, vm, vcpu;
    char *memory;
    struct kvm_run *run;
};
enum { CODE = 0x1000, RESULT = 0x2000, MEMORY = 0x4000 };

static const char *make_little_guest(struct little_guest *guest) {
    static const uint8_t code[] = {
        0x0f, 0x31,             /* rdtsc */
        0x66, 0x89, 0x07,       /* mov [bx], eax */
        0x66, 0x89, 0x57, 0x04, /* mov [bx + 4], edx */
        0xe6, 0x10,             /* out 0x10, al */
        0xeb, 0xf3,             /* jmp to the rdtsc */
    };
    guest->kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
    if (guest->kvm < 0) {
        return "/dev/kvm cannot be opened";
    }
    guest->vm = ioctl(guest->kvm, KVM_CREATE_VM, 0);
    guest->memory = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct kvm_userspace_memory_region region = {.memory_size = MEMORY, .userspace_addr = (uintptr_t)guest->memory};
    int size = ioctl(guest->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
    if (guest->vm < 0 || guest->memory == MAP_FAILED || ioctl(guest->vm, KVM_SET_USER_MEMORY_REGION, &region)) {
        return "no VM can be made";
    }
    memcpy(guest->memory + CODE, code, sizeof code);
    guest->vcpu = ioctl(guest->vm, KVM_CREATE_VCPU, 0);
    if (guest->vcpu < 0 || size <= 0) {
        return "no vCPU can be made";
    }
    guest->run = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, guest->vcpu, 0);
    struct kvm_sregs segments;
    struct kvm_regs registers = {.rip = CODE, .rbx = RESULT, .rflags = 2};
    if (guest->run == MAP_FAILED || ioctl(guest->vcpu, KVM_GET_SREGS, &segments)) {
        return "no vCPU can be made";
    }
    segments.cs.base = 0;
    segments.cs.selector = 0;
    if (ioctl(guest->vcpu, KVM_SET_SREGS, &segments) || ioctl(guest->vcpu, KVM_SET_REGS, &registers)) {
        return "no vCPU can be made";
    }
    return NULL;
}

/*
 * Whether this KVM honours an offset. A nested or paravirtual KVM may accept KVM_VCPU_TSC_OFFSET, report success, and
 * leave the guest with the host's TSC. A recording of such a host would look like a kernel that breaks its contract.
 */
static const char *judge_offsets(const struct little_guest *guest) {
    uint64_t set = (uint64_t)0 - (UINT64_C(1) << 40), got = 0;
    struct kvm_device_attr attribute = {.group = TSC_CTRL_GROUP, .attr = TSC_OFFSET_ATTR, .addr = (uintptr_t)&set};
    if (ioctl(guest->vcpu, KVM_SET_DEVICE_ATTR, &attribute)) {
        return "not known: KVM_VCPU_TSC_OFFSET cannot be set";
    }
    attribute.addr = (uintptr_t)&got;
    if (ioctl(guest->vcpu, KVM_GET_DEVICE_ATTR, &attribute)) {
        return "not known: KVM_VCPU_TSC_OFFSET cannot be read";
    }
    if (got != set) {
        return "ignored: KVM_VCPU_TSC_OFFSET reports success, and reads back another value";
    }
    for (int i = 0; i < 2; i++) {
        uint64_t before = counter(), read;
        if (ioctl(guest->vcpu, KVM_RUN, 0) || guest->run->exit_reason != KVM_EXIT_IO) {
            return "not known: a small guest does not run";
        }
        uint64_t after = counter();
        memcpy(&read, guest->memory + RESULT, sizeof read);
        if (read - set - before > after - before) {
            return "ignored: the guest does not read the host's TSC plus its offset";
        }
    }
    return "honoured";
}

/* Asks KVM, with a VM of the recorder's own, before the recording starts. */
static void probe(void) {
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        struct little_guest guest = {0};
        alarm(10); /* (in case the guest does not return) */
        const char *failed = make_little_guest(&guest);
        if (failed) {
            fprintf(host_file, "probe none: %s\n", failed);
        } else {
            int khz = ioctl(guest.vcpu, KVM_GET_TSC_KHZ, 0);
            int scales = ioctl(guest.vm, KVM_CHECK_EXTENSION, KVM_CAP_TSC_CONTROL);
            if (khz > 0) {
                fprintf(host_file, "tsc_khz %d\n", khz);
            }
            fprintf(host_file, "KVM_CAP_TSC_CONTROL %d\n", scales);
            if (scales == 0) {
                fprintf(host_file, "tsc-scaling-ratio-frac-bits 0\n");
            }
            if (ioctl(guest.vm, KVM_CHECK_EXTENSION, KVM_CAP_VCPU_ATTRIBUTES_NUMBER) > 0) {
                const char *offsets = judge_offsets(&guest);
                fprintf(host_file, "tsc-offsets %s\n", offsets);
                if (!strncmp(offsets, "ignored", 7)) {
                    fputs("longitude-record: this host's KVM ignores TSC offsets, as a nested or paravirtual one may; what\n"
                          "depends on them cannot be judged in a recording of it.\n",
                          stderr);
                }
            }
        }
        fflush(host_file);
        _exit(0);
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0) {
        fprintf(host_file, "probe none: the probe did not come to its end\n");
    }
}
#endif

/* ---- the kernel's tracepoints (arm64's show no counter) ---- */

#if X86
static char tracing[256]; /* a tracing instance of the recorder's own; empty: none */

static bool write_text(const char *path, const char *file, const char *text) {
    char whole[512];
    snprintf(whole, sizeof whole, "%s/%s", path, file);
    int fd = open(whole, O_WRONLY | O_CLOEXEC);
    bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (fd >= 0) {
        close(fd);
    }
    return done;
}

static void start_tracepoints(void) {
    static const char *const EVENTS[] = {"kvm_write_tsc_offset", "kvm_track_tsc", "kvm_update_master_clock",
                                         "kvm_pvclock_update", "kvm_msr"};
    /* (0x6e0, the deadline of the guest's timer, would fill the buffer and show nothing.) */
    static const char MSRS_OF_CLOCKS[] = "ecx==0x10||ecx==0x3b||ecx==0x11||ecx==0x12||ecx==0x4b564d00||ecx==0x4b564d01"
                                         "||ecx==0x40000020||ecx==0x40000021";
    static const char *const ROOTS[] = {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"};
    const char *why = "no tracefs is mounted, or it cannot be written";
    for (size_t i = 0; i < COUNT(ROOTS) && !*tracing; i++) {
        snprintf(tracing, sizeof tracing, "%s/instances/longitude-%d", ROOTS[i], getpid());
        if (mkdir(tracing, 0700)) {
            *tracing = 0;
        }
    }
    if (*tracing) {
        char size[32], file[128];
        long cpus = sysconf(_SC_NPROCESSORS_CONF);
        long each = 524288 / (cpus < 1 ? 1 : cpus); /* 512 MiB in all, 16 MiB per CPU at most */
        snprintf(size, sizeof size, "%ld", each > 16384 ? 16384 : each);
        bool all = write_text(tracing, "tracing_on", "0") && write_text(tracing, "trace_clock", "x86-tsc")
            && write_text(tracing, "buffer_size_kb", size);
        write_text(tracing, "options/event-fork", "1");
        write_text(tracing, "events/kvm/kvm_msr/filter", MSRS_OF_CLOCKS);
        for (size_t i = 0; i < COUNT(EVENTS) && all; i++) {
            snprintf(file, sizeof file, "events/kvm/%s/enable", EVENTS[i]);
            all = write_text(tracing, file, "1");
        }
        if (all) {
            fprintf(host_file, "tracepoints with trace clock x86-tsc\n");
            return;
        }
        why = "the kernel does not have them";
        rmdir(tracing);
        *tracing = 0;
    }
    fprintf(host_file, "tracepoints none: %s\n", why);
}

/*
 * Other VMMs of the host must not be recorded. The kernel selects threads by their numbers in the first pid namespace.
 * In another namespace the recorder does not know these numbers, and takes the tracepoints of all threads.
 */
static void trace_thread(pid_t tid) {
    enum { FIRST_PID_NAMESPACE = 0xeffffffc }; /* PROC_PID_INIT_INO of include/linux/proc_ns.h */
    struct stat namespace;
    if (*tracing) {
        if (stat("/proc/self/ns/pid", &namespace) == 0 && namespace.st_ino == FIRST_PID_NAMESPACE) {
            char number[16];
            snprintf(number, sizeof number, "%d", tid);
            write_text(tracing, "set_event_pid", number); /* (adds it to the list) */
        }
        write_text(tracing, "tracing_on", "1");
    }
}

/* How many events the kernel dropped because its buffer was full. */
static uint64_t lost_events(void) {
    uint64_t lost = 0;
    for (long cpu = 0; cpu < sysconf(_SC_NPROCESSORS_CONF); cpu++) {
        char path[512], line[128];
        snprintf(path, sizeof path, "%s/per_cpu/cpu%ld/stats", tracing, cpu);
        FILE *file = fopen(path, "re");
        while (file && fgets(line, sizeof line, file)) {
            uint64_t number;
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

/* Copies the tracepoints beside the log. A file with lost lines gets another name: nothing may take it for complete. */
static void stop_tracepoints(void) {
    char path[PATH_MAX], buffer[65536];
    if (!*tracing) {
        return;
    }
    write_text(tracing, "tracing_on", "0");
    uint64_t lost = lost_events();
    snprintf(path, sizeof path, "%s/trace", tracing);
    FILE *from = fopen(path, "re");
    snprintf(path, sizeof path, "%s/%s", options.folder, lost ? "log.ftrace-with-gaps.txt" : "log.ftrace.txt");
    FILE *to = from ? fopen(path, "we") : NULL;
    for (size_t n; to && (n = fread(buffer, 1, sizeof buffer, from)) > 0;) {
        fwrite(buffer, 1, n, to);
    }
    if (lost) {
        fprintf(host_file, "tracepoints lost %" PRIu64 "\n", lost);
    }
    if (to && fclose(to)) {
        fail("%s cannot be written: %s", path, strerror(errno));
    }
    if (from) {
        fclose(from);
    }
    write_text(tracing, "events/enable", "0");
    rmdir(tracing);
    *tracing = 0;
}

static void remove_tracing(void) {
    if (*tracing) {
        write_text(tracing, "events/enable", "0");
        rmdir(tracing);
    }
}
#else
static void trace_thread(pid_t tid) {
    (void)tid;
}
#endif

/* ---- the cost of recording ---- */

#if X86
enum { MEASURED = 3, TIMES = 5000 };
static const char *const MEASURED_NAMES[MEASURED] = {"KVM_GET_CLOCK (recorded)", "KVM_RUN (stopped, left out)",
                                                     "KVM_GET_API_VERSION (not stopped)"};

static int by_size(const void *one, const void *other) {
    uint64_t a = *(const uint64_t *)one, b = *(const uint64_t *)other;
    return (a > b) - (a < b);
}

/* Writes the median of each ioctl's duration, in nanoseconds: a mean would include other load of the machine. */
static void measure_ioctls(void *argument) {
    uint64_t *medians = argument;
    static uint64_t each[TIMES];
    struct little_guest guest = {0};
    const char *failed = make_little_guest(&guest);
    if (failed) {
        fprintf(stderr, "longitude-record: %s\n", failed);
        _exit(2);
    }
    for (int what = 0; what < MEASURED; what++) {
        struct kvm_clock_data clock;
        for (int i = 0; i < TIMES; i++) {
            uint64_t begin = nanoseconds(CLOCK_MONOTONIC);
            int r = what == 0 ? ioctl(guest.vm, KVM_GET_CLOCK, &clock)
                : what == 1   ? ioctl(guest.vcpu, KVM_RUN, 0)
                              : ioctl(guest.kvm, KVM_GET_API_VERSION, 0);
            each[i] = nanoseconds(CLOCK_MONOTONIC) - begin;
            if (r < 0) {
                perror("longitude-record: an ioctl to be measured");
                _exit(2);
            }
        }
        qsort(each, TIMES, sizeof *each, by_size);
        medians[what] = each[TIMES / 2];
    }
    _exit(0);
}

/* Prints how long an ioctl takes without and with the recorder, in microseconds. */
static int measure(void) {
    uint64_t *each = mmap(NULL, 2 * MEASURED * sizeof *each, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    host_file = fopen("/dev/null", "we");
    log_file = tmpfile();
    if (each == MAP_FAILED || !host_file || !log_file) {
        fail("nothing to write to: %s", strerror(errno));
    }
    int status = 0;
    pid_t plain = fork();
    if (plain == 0) {
        measure_ioctls(each);
    }
    if (plain < 0 || waitpid(plain, &status, 0) != plain || status != 0) {
        return 2;
    }
    launch(measure_ioctls, each + MEASURED);
    follow();
    if (command_status == 0) {
        printf("%-36s %9s %9s %11s\n", "microseconds per ioctl, median", "alone", "recorded", "difference");
        for (int what = 0; what < MEASURED; what++) {
            double alone = (double)each[what] / 1000, recorded = (double)each[MEASURED + what] / 1000;
            printf("%-36s %9.2f %9.2f %11.2f\n", MEASURED_NAMES[what], alone, recorded, recorded - alone);
        }
    }
    fclose(log_file);
    fclose(host_file);
    return command_status;
}
#endif

/* ---- the command line ---- */

static const char USAGE[] =
    "Usage: longitude-record [-o NAME] [OPTION...] [--] COMMAND...\n"
    "       longitude-record [-o NAME] [OPTION...] -p PID\n"
    "       longitude-record [-o NAME] --host-only\n"
    "       longitude-record --measure\n"
    "Record the KVM ioctls of COMMAND, or of a running process, in the new folder NAME: log.jsonl, host.txt, and\n"
    "log.ftrace.txt where the kernel's tracepoints are available (x86, root, a mounted tracefs).\n"
    "  -o NAME            the folder (default: recording- and the time)\n"
    "  -p PID             attach to a process; an interrupt (Ctrl-C) detaches\n"
    "  --runs N           record the first N KVM_RUNs after each other operation with their ends (default: 1); one record\n"
    "                     stands for those that follow\n"
    "  --every-run        record every KVM_RUN with its end\n"
    "  --every-ioctl      record all of KVM's ioctls, also those that the log's format lists as harmless\n"
    "  --no-tracepoints   do not record the kernel's tracepoints\n"
    "  --no-probe         create no VM to ask KVM for the TSC's rate and whether it honours offsets\n"
    "  --host-only        write host.txt only, and record nothing\n"
    "  --measure          print what an ioctl costs alone and recorded\n"
    "Exit status: COMMAND's; 126 or 127 if it cannot be executed; 0 after -p; 2 if nothing can be recorded.\n";

/* The index of the first argument that is not an option. */
static int read_options(int argc, char **argv, bool *measures) {
    int i = 1;
    for (; i < argc && argv[i][0] == '-'; i++) {
        char *end = "";
        bool has_value = i + 1 < argc;
        if (!strcmp(argv[i], "--")) {
            return i + 1;
        } else if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")) {
            fputs(USAGE, stdout);
            exit(0);
        } else if (!strcmp(argv[i], "-o") && has_value) {
            options.folder = argv[++i];
        } else if (!strcmp(argv[i], "-p") && has_value) {
            long pid = strtol(argv[++i], &end, 10);
            if (*end || pid <= 0 || pid > INT_MAX) {
                fail("-p: expected the number of a process, not %s", argv[i]);
            }
            options.attach = (pid_t)pid;
        } else if (!strcmp(argv[i], "--runs") && has_value) {
            options.runs = strtol(argv[++i], &end, 10);
            if (*end || !*argv[i] || options.runs < 0) {
                fail("--runs: expected a number from 0, not %s", argv[i]);
            }
        } else if (!strcmp(argv[i], "--every-run")) {
            options.runs = LONG_MAX;
        } else if (!strcmp(argv[i], "--every-ioctl")) {
            options.every_ioctl = true;
        } else if (!strcmp(argv[i], "--no-tracepoints")) {
            options.tracepoints = false;
        } else if (!strcmp(argv[i], "--no-probe")) {
            options.probe = false;
        } else if (!strcmp(argv[i], "--host-only")) {
            options.host_only = true;
        } else if (!strcmp(argv[i], "--measure")) {
            *measures = true;
        } else {
            fprintf(stderr, "longitude-record: unknown option, or one without its value: %s\n%s", argv[i], USAGE);
            exit(2);
        }
    }
    return i;
}

static FILE *create(const char *name, char *path, size_t size) {
    if ((size_t)snprintf(path, size, "%s/%s", options.folder, name) >= size) {
        fail("%s: a name that long cannot be used", options.folder);
    }
    FILE *file = fopen(path, "wxe");
    if (!file && errno == EEXIST) {
        fail("%s exists: a recording needs a new folder, which -o names", path);
    }
    if (!file) {
        fail("%s: %s", path, strerror(errno));
    }
    made[made_files++] = path;
    return file;
}

/* A log without a VM is of no use; why there is none is seldom obvious. */
static void explain_empty(void) {
    if (seen.vms || seen.records) {
        return;
    }
    fputs(options.attach
              ? "longitude-record: nothing of KVM was seen while the process was attached to.\n"
              : "longitude-record: no VM was seen. Does the command use KVM (QEMU: -accel kvm), and may it open /dev/kvm?\n"
                "What a daemon starts for it is not followed: attach to that with -p PID.\n",
          stderr);
}

static void write_left_out(void) {
    fprintf(host_file, "left-out KVM_RUN %" PRIu64 "\n", seen.runs_left_out);
    fprintf(host_file, "left-out ioctls of KVM's devices %" PRIu64 "\n", seen.of_devices);
    fprintf(host_file, "left-out ioctls that /dev/kvm refused %" PRIu64 "\n", seen.of_no_vm);
    fprintf(host_file, "left-out ioctls that the kernel started again %" PRIu64 "\n", seen.restarted);
    for (size_t i = 0; i < COUNT(OPS) && !options.every_ioctl; i++) {
        if (OPS[i].payload == QUIET) {
            fprintf(host_file, "left-out always %s\n", OPS[i].name);
        }
    }
    if (!X86) {
        fputs("left-out always KVM_ARM_SET_DEVICE_ADDR\n", host_file);
    }
    fprintf(host_file, "unfinished %" PRIu64 "\n", seen.unfinished);
    fprintf(host_file, "payloads-not-readable %" PRIu64 "\n", seen.not_readable);
    if (seen.by_elimination) {
        fprintf(host_file, "files-found-by-elimination %" PRIu64 "\n", seen.by_elimination);
    }
    fprintf(host_file, "files-told-apart %s\n", seen.by_number ? "by their numbers: kcmp cannot be used" : "by kcmp");
}

/* KVM uses one number for two ioctls of different files (KVM_GET_ONE_REG is KVM_ARM_SET_DEVICE_ADDR on a VM). */
static void check_table(void) {
    for (size_t i = 0; i < COUNT(OPS); i++) {
        if (op_of(OPS[i].request) != &OPS[i]) {
            fail("%s and %s have one number", OPS[i].name, op_of(OPS[i].request)->name);
        }
    }
}

int main(int argc, char **argv) {
    check_table();
    bool measures = false;
    int first = read_options(argc, argv, &measures);
    if (measures) {
#if X86
        return measure();
#else
        fail("--measure: only on x86");
#endif
    }
    if ((first < argc) + (options.attach > 0) + options.host_only != 1) {
        fputs(USAGE, stderr);
        return 2;
    }
    char by_time[64], host_path[PATH_MAX], log_path[PATH_MAX];
    if (!options.folder) {
        time_t now = time(NULL);
        struct tm parts;
        strftime(by_time, sizeof by_time, "recording-%Y%m%d-%H%M%S", gmtime_r(&now, &parts));
        options.folder = by_time;
    }
    recorder = getpid();
    made_folder = !mkdir(options.folder, 0777);
    if (!made_folder && errno != EEXIST) {
        fail("%s: %s", options.folder, strerror(errno));
    }
    host_file = create("host.txt", host_path, sizeof host_path);
    write_host();
#if X86
    if (options.probe) {
        probe();
    }
#endif
    if (options.host_only) {
        if (ferror(host_file) | fclose(host_file)) {
            fail("%s cannot be written: %s", host_path, strerror(errno));
        }
        return 0;
    }
    log_file = create("log.jsonl", log_path, sizeof log_path);
    setvbuf(log_file, NULL, _IOFBF, 1 << 16);
#if X86
    atexit(remove_tracing);
    if (options.tracepoints) {
        start_tracepoints();
    }
#endif
    take_signals();
    if (options.attach) {
        fprintf(host_file, "begins midway: attached to process %d\n", options.attach);
        note(NULL, "begins midway: what was done before, and which VMs and vCPUs were created, this log does not have");
        attach(options.attach);
    } else {
        note(NULL, "begins with the start of the command");
        launch(execute, argv + first);
    }
    recording = true;
    follow();
    note_closed_vms(options.attach ? options.attach : command);
#if X86
    stop_tracepoints();
#endif
    copy_line("/sys/devices/system/clocksource/clocksource0/current_clocksource", "clocksource-after");
    write_left_out();
    bool written = !ferror(log_file) && !ferror(host_file);
    written &= !fclose(log_file);
    written &= !fclose(host_file);
    if (!written) {
        fail("%s cannot be written: %s", options.folder, strerror(errno));
    }
    if (!options.attach && !executed) {
        remove_made();
        return command_status < 0 ? 2 : command_status;
    }
    fprintf(stderr,
            "longitude-record: %s: %" PRIu64 " records; VMs created: %" PRIu64 "; KVM_RUNs: %" PRIu64 " recorded, %" PRIu64
            " left out\n",
            log_path, seen.records, seen.vms, seen.runs, seen.runs_left_out);
    explain_empty();
    return options.attach ? 0 : command_status < 0 ? 2 : command_status;
}
