/*
 * A VMM that does what a recorder must see, and prints what it did: one ioctl a line, with its thread, the log's
 * numbers of its VM and vCPU, its input and its output. Its scenarios:
 *
 *   save-restore   two vCPUs in threads of their own are run, saved, and restored into a second VM
 *   hostile        arguments that cannot be read, lists that are too long, files that change their numbers
 *   timers         the local APIC's timer: a deadline is written before the local APIC is restored, and after it
 *   forks          a child uses its parent's VM, and one of its own
 *   threads        a hundred threads; some die during an ioctl, some are interrupted in it
 *   sandboxed      a seccomp filter of its own forbids an ioctl
 *   spin           two vCPUs run until the process is killed, for a recorder that attaches
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/filter.h>
#include <linux/kvm.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MSR_TSC = 0x10, MSR_TSC_ADJUST = 0x3b, MSR_TSC_DEADLINE = 0x6e0, MSR_SYSCALL_MASK = 0xc0000084, MEMORY = 0x10000, CODE = 0x1000, RESULT = 0x2000 };

struct vm {
    int number, fd;
    char *memory;
    int vcpu[2];
    struct kvm_run *run[2];
};

static int kvm, next_vm, run_size;
static pthread_mutex_t output = PTHREAD_MUTEX_INITIALIZER;

/* Prints an ioctl. */
static void __attribute__((format(printf, 5, 6)))
say(const char *op, int vm, int vcpu, long result, const char *format, ...) {
    int error = result < 0 ? errno : 0;
    char payload[256];
    va_list args;
    va_start(args, format);
    vsnprintf(payload, sizeof payload, format, args);
    va_end(args);
    pthread_mutex_lock(&output);
    printf("%ld %s vm=%d vcpu=%d ret=%ld errno=%d %s\n", (long)syscall(SYS_gettid), op, vm, vcpu, result, error, payload);
    fflush(stdout);
    pthread_mutex_unlock(&output);
}

static void must(int done, const char *what) {
    if (!done) {
        fprintf(stderr, "test-vmm: %s: %s\n", what, strerror(errno));
        exit(3);
    }
}

static void add_vcpu(struct vm *vm, int id) {
    vm->vcpu[id] = ioctl(vm->fd, KVM_CREATE_VCPU, (long)id);
    say("KVM_CREATE_VCPU", vm->number, id, vm->vcpu[id], "id=%d", id);
    must(vm->vcpu[id] >= 0, "KVM_CREATE_VCPU");
    vm->run[id] = mmap(NULL, (size_t)run_size, PROT_READ | PROT_WRITE, MAP_SHARED, vm->vcpu[id], 0);
    must(vm->run[id] != MAP_FAILED, "mmap of a vCPU");
    struct kvm_sregs segments;
    must(ioctl(vm->vcpu[id], KVM_GET_SREGS, &segments) == 0, "KVM_GET_SREGS");
    segments.cs.base = 0;
    segments.cs.selector = 0;
    must(ioctl(vm->vcpu[id], KVM_SET_SREGS, &segments) == 0, "KVM_SET_SREGS");
    struct kvm_regs registers = {.rip = CODE, .rbx = RESULT + 16 * (unsigned)id, .rflags = 2};
    must(ioctl(vm->vcpu[id], KVM_SET_REGS, &registers) == 0, "KVM_SET_REGS");
}

static struct vm make_vm(int vcpus) {
    /* rdtsc; mov [bx], eax; mov [bx + 4], edx; out 0x10, al; jmp to the rdtsc */
    static const unsigned char code[] = {0x0f, 0x31, 0x66, 0x89, 0x07, 0x66, 0x89, 0x57, 0x04, 0xe6, 0x10, 0xeb, 0xf3};
    struct vm vm = {.number = next_vm++, .fd = ioctl(kvm, KVM_CREATE_VM, 0L)};
    say("KVM_CREATE_VM", vm.number, -1, vm.fd, "%s", "");
    must(vm.fd >= 0, "KVM_CREATE_VM");
    vm.memory = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    must(vm.memory != MAP_FAILED, "mmap");
    memcpy(vm.memory + CODE, code, sizeof code);
    struct kvm_userspace_memory_region region = {.memory_size = MEMORY, .userspace_addr = (uintptr_t)vm.memory};
    must(ioctl(vm.fd, KVM_SET_USER_MEMORY_REGION, &region) == 0, "KVM_SET_USER_MEMORY_REGION");
    for (int id = 0; id < vcpus; id++) {
        add_vcpu(&vm, id);
    }
    return vm;
}

static void close_vm(struct vm *vm, int vcpus) {
    for (int id = 0; id < vcpus; id++) {
        munmap(vm->run[id], (size_t)run_size);
        close(vm->vcpu[id]);
    }
    close(vm->fd);
    munmap(vm->memory, MEMORY);
}

static uint64_t get_msr(struct vm *vm, int vcpu, uint32_t index) {
    struct kvm_msrs *msrs = calloc(1, sizeof *msrs + 2 * sizeof *msrs->entries);
    msrs->nmsrs = 2;
    msrs->entries[0].index = MSR_SYSCALL_MASK; /* (one that a record leaves out) */
    msrs->entries[1].index = index;
    int r = ioctl(vm->vcpu[vcpu], KVM_GET_MSRS, msrs);
    uint64_t value = msrs->entries[1].data;
    say("KVM_GET_MSRS", vm->number, vcpu, r, "0x%x=%" PRIu64, index, value);
    free(msrs);
    return value;
}

static void set_msr(struct vm *vm, int vcpu, uint32_t index, uint64_t value) {
    struct kvm_msrs *msrs = calloc(1, sizeof *msrs + sizeof *msrs->entries);
    msrs->nmsrs = 1;
    msrs->entries[0].index = index;
    msrs->entries[0].data = value;
    int r = ioctl(vm->vcpu[vcpu], KVM_SET_MSRS, msrs);
    say("KVM_SET_MSRS", vm->number, vcpu, r, "0x%x=%" PRIu64 " complete=1", index, value);
    free(msrs);
}

static uint64_t offset(struct vm *vm, int vcpu, int set, uint64_t value) {
    struct kvm_device_attr attribute = {.group = 0, .attr = 0, .addr = (uintptr_t)&value};
    int r = ioctl(vm->vcpu[vcpu], set ? KVM_SET_DEVICE_ATTR : KVM_GET_DEVICE_ATTR, &attribute);
    say(set ? "KVM_SET_DEVICE_ATTR" : "KVM_GET_DEVICE_ATTR", vm->number, vcpu, r, "offset=%" PRId64, (int64_t)value);
    return value;
}

static struct kvm_clock_data get_clock(struct vm *vm) {
    struct kvm_clock_data clock = {0};
    int r = ioctl(vm->fd, KVM_GET_CLOCK, &clock);
    if (r == 0) {
        say("KVM_GET_CLOCK", vm->number, -1, r, "clock=%" PRIu64 " flags=%u", (uint64_t)clock.clock, clock.flags);
    } else {
        say("KVM_GET_CLOCK", vm->number, -1, r, "%s", ""); /* (a forked child may not use its parent's VM) */
    }
    return clock;
}

static void set_clock(struct vm *vm, uint64_t clock, uint32_t flags) {
    struct kvm_clock_data data = {.clock = clock, .flags = flags};
    int r = ioctl(vm->fd, KVM_SET_CLOCK, &data);
    say("KVM_SET_CLOCK", vm->number, -1, r, "clock=%" PRIu64 " flags=%u", clock, flags);
}

static void run(struct vm *vm, int vcpu, int times) {
    for (int i = 0; i < times; i++) {
        int r = ioctl(vm->vcpu[vcpu], KVM_RUN, 0L);
        must(r == 0 || errno == EINTR, "KVM_RUN");
    }
    say("runs", vm->number, vcpu, times, "%s", "");
}

/* ---- each vCPU in a thread of its own ---- */

struct worker {
    pthread_t thread;
    sem_t begin, done;
    void (*work)(struct vm *, int);
    struct vm *vm;
    int vcpu;
};

static void *worker_main(void *argument) {
    struct worker *worker = argument;
    for (;;) {
        sem_wait(&worker->begin);
        if (!worker->work) {
            return NULL;
        }
        worker->work(worker->vm, worker->vcpu);
        sem_post(&worker->done);
    }
}

static struct worker workers[2];

static void on_each(struct vm *vm, void (*work)(struct vm *, int), int together) {
    for (int i = 0; i < 2; i++) {
        workers[i].vm = vm;
        workers[i].vcpu = i;
        workers[i].work = work;
        sem_post(&workers[i].begin);
        if (!together && work) {
            sem_wait(&workers[i].done);
        }
    }
    for (int i = 0; together && work && i < 2; i++) {
        sem_wait(&workers[i].done);
    }
}

static uint64_t saved_tsc[2];

static void run_once(struct vm *vm, int vcpu) {
    run(vm, vcpu, 1);
}

static void run_often(struct vm *vm, int vcpu) {
    run(vm, vcpu, 50);
}

static void save(struct vm *vm, int vcpu) {
    saved_tsc[vcpu] = get_msr(vm, vcpu, MSR_TSC);
    get_msr(vm, vcpu, MSR_TSC_ADJUST);
    offset(vm, vcpu, 0, 0);
}

static void restore(struct vm *vm, int vcpu) {
    set_msr(vm, vcpu, MSR_TSC_ADJUST, 0);
    set_msr(vm, vcpu, MSR_TSC, saved_tsc[vcpu]);
}

static void set_offset(struct vm *vm, int vcpu) {
    offset(vm, vcpu, 1, offset(vm, vcpu, 0, 0) - 1000000);
    offset(vm, vcpu, 0, 0);
}

static int save_restore(void) {
    for (int i = 0; i < 2; i++) {
        sem_init(&workers[i].begin, 0, 0);
        sem_init(&workers[i].done, 0, 0);
        must(pthread_create(&workers[i].thread, NULL, worker_main, &workers[i]) == 0, "pthread_create");
    }
    struct vm source = make_vm(2);
    on_each(&source, run_once, 0);
    on_each(&source, set_offset, 0);
    on_each(&source, run_often, 1);
    struct kvm_clock_data clock = get_clock(&source);
    on_each(&source, save, 0);
    close_vm(&source, 2);
    struct vm target = make_vm(2);
    on_each(&target, restore, 0);
    set_clock(&target, clock.clock, 0);
    get_clock(&target);
    on_each(&target, run_once, 0);
    on_each(&target, run_often, 1);
    get_clock(&target);
    on_each(NULL, NULL, 0);
    for (int i = 0; i < 2; i++) {
        pthread_join(workers[i].thread, NULL);
    }
    close_vm(&target, 2);
    return 7;
}

static void set_cpuid(struct vm *vm, int vcpu, int timer) {
    struct kvm_cpuid2 *cpuid = calloc(1, sizeof *cpuid + 256 * sizeof *cpuid->entries);
    cpuid->nent = 256;
    must(ioctl(kvm, KVM_GET_SUPPORTED_CPUID, cpuid) == 0, "KVM_GET_SUPPORTED_CPUID");
    for (unsigned i = 0; i < cpuid->nent; i++) {
        if (cpuid->entries[i].function == 1) {
            cpuid->entries[i].ecx = (cpuid->entries[i].ecx & ~(1U << 24)) | (unsigned)timer << 24;
        }
    }
    int r = ioctl(vm->vcpu[vcpu], KVM_SET_CPUID2, cpuid);
    say("KVM_SET_CPUID2", vm->number, vcpu, r, "tsc_deadline_timer=%d", timer);
    free(cpuid);
}

static void set_lapic(struct vm *vm, int vcpu, uint32_t mode) {
    struct kvm_lapic_state lapic;
    uint32_t lvtt;
    must(ioctl(vm->vcpu[vcpu], KVM_GET_LAPIC, &lapic) == 0, "KVM_GET_LAPIC");
    memcpy(&lvtt, lapic.regs + 0x320, sizeof lvtt);
    lvtt = (lvtt & ~(3U << 17)) | mode << 17;
    memcpy(lapic.regs + 0x320, &lvtt, sizeof lvtt);
    int r = ioctl(vm->vcpu[vcpu], KVM_SET_LAPIC, &lapic);
    say("KVM_SET_LAPIC", vm->number, vcpu, r, "lvtt=%u", lvtt);
}

static int timers(void) {
    struct vm vm = {.number = next_vm++, .fd = ioctl(kvm, KVM_CREATE_VM, 0L)};
    say("KVM_CREATE_VM", vm.number, -1, vm.fd, "%s", "");
    int irqchip = ioctl(vm.fd, KVM_CREATE_IRQCHIP, 0L);
    say("KVM_CREATE_IRQCHIP", vm.number, -1, irqchip, "%s", "");
    must(irqchip == 0, "KVM_CREATE_IRQCHIP");
    const uint64_t far = UINT64_C(1) << 60;
    for (int id = 0; id < 2; id++) {
        add_vcpu(&vm, id);
        set_lapic(&vm, id, 2); /* without CPUID KVM does not take this mode */
        set_msr(&vm, id, MSR_TSC_DEADLINE, far);
        get_msr(&vm, id, MSR_TSC_DEADLINE);
        set_cpuid(&vm, id, id == 0);
        set_msr(&vm, id, MSR_TSC_DEADLINE, far);
        set_lapic(&vm, id, 2);
        get_msr(&vm, id, MSR_TSC_DEADLINE);
        set_msr(&vm, id, MSR_TSC_DEADLINE, far + 1);
        get_msr(&vm, id, MSR_TSC_DEADLINE);
        set_lapic(&vm, id, 2);
        get_msr(&vm, id, MSR_TSC_DEADLINE);
        set_lapic(&vm, id, 0);
        set_lapic(&vm, id, 2);
        get_msr(&vm, id, MSR_TSC_DEADLINE);
    }
    return 0;
}

/* ---- what a recorder must survive ---- */

static int hostile(void) {
    struct vm vm = make_vm(1), other = make_vm(1);
    struct {
        uint32_t nmsrs, pad;
        struct kvm_msr_entry entries[300];
    } *msrs = calloc(1, sizeof *msrs);
    int r;
    msrs->nmsrs = 0xffffffff;
    r = ioctl(vm.vcpu[0], KVM_SET_MSRS, msrs);
    say("KVM_SET_MSRS", 0, 0, r, "nmsrs=%u", 0xffffffff);
    msrs->nmsrs = 257;
    r = ioctl(vm.vcpu[0], KVM_GET_MSRS, msrs);
    say("KVM_GET_MSRS", 0, 0, r, "nmsrs=%u", 257);
    msrs->nmsrs = 0;
    r = ioctl(vm.vcpu[0], KVM_SET_MSRS, msrs);
    say("KVM_SET_MSRS", 0, 0, r, "nmsrs=0 complete=1");
    /* the same MSR twice: a record cannot express it */
    msrs->nmsrs = 2;
    msrs->entries[0] = (struct kvm_msr_entry){.index = MSR_TSC_ADJUST};
    msrs->entries[1] = (struct kvm_msr_entry){.index = MSR_TSC_ADJUST};
    r = ioctl(vm.vcpu[0], KVM_SET_MSRS, msrs);
    say("KVM_SET_MSRS", 0, 0, r, "nmsrs=2 complete=0");
    /* the kernel stops at the second */
    msrs->nmsrs = 3;
    msrs->entries[0] = (struct kvm_msr_entry){.index = MSR_TSC_ADJUST, .data = 5};
    msrs->entries[1] = (struct kvm_msr_entry){.index = 0xdeadbeef};
    msrs->entries[2] = (struct kvm_msr_entry){.index = MSR_TSC, .data = 1};
    r = ioctl(vm.vcpu[0], KVM_SET_MSRS, msrs);
    say("KVM_SET_MSRS", 0, 0, r, "nmsrs=3 complete=1 0x3b=5");
    /* a list that extends into unmapped memory */
    char *edge = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    must(edge != MAP_FAILED && munmap(edge + 4096, 4096) == 0, "mmap");
    *(uint32_t *)(edge + 4096 - 8) = 4;
    r = ioctl(vm.vcpu[0], KVM_SET_MSRS, edge + 4096 - 8);
    say("KVM_SET_MSRS", 0, 0, r, "nmsrs=4");
    void *nowhere = (void *)16;
    r = ioctl(vm.vcpu[0], KVM_SET_MSRS, nowhere);
    say("KVM_SET_MSRS", 0, 0, r, "%s", "");
    r = ioctl(vm.vcpu[0], KVM_SET_LAPIC, nowhere);
    say("KVM_SET_LAPIC", 0, 0, r, "%s", "");
    r = ioctl(vm.vcpu[0], KVM_SET_CPUID2, nowhere);
    say("KVM_SET_CPUID2", 0, 0, r, "%s", "");
    r = ioctl(vm.vcpu[0], KVM_GET_DEVICE_ATTR, nowhere);
    say("KVM_GET_DEVICE_ATTR", 0, 0, r, "%s", "");
    struct kvm_device_attr attribute = {.addr = (uintptr_t)nowhere};
    r = ioctl(vm.vcpu[0], KVM_SET_DEVICE_ATTR, &attribute);
    say("KVM_SET_DEVICE_ATTR", 0, 0, r, "%s", "");
    r = ioctl(vm.fd, KVM_SET_CLOCK, nowhere);
    say("KVM_SET_CLOCK", 0, -1, r, "%s", "");
    r = ioctl(vm.fd, KVM_CREATE_VCPU, -1L);
    say("KVM_CREATE_VCPU", 0, -1, r, "%s", "");
    r = ioctl(vm.fd, _IOW(KVMIO, 0xee, uint64_t[9]), nowhere);
    say("KVM_0x4048aeee", 0, -1, r, "%s", "");
    errno = 0;
    must(ioctl(9999, KVM_GET_CLOCK, nowhere) < 0 && errno == EBADF, "a number of no file"); /* (no record of it) */
    must(ioctl(0, KVM_GET_CLOCK, nowhere) < 0, "a file that is not KVM's");
    struct kvm_clock_data clock;
    /* the first VM gets another number, and the second VM its old one too */
    int moved = dup(vm.fd);
    r = ioctl(moved, KVM_GET_CLOCK, &clock);
    say("KVM_GET_CLOCK", 0, -1, r, "clock=%" PRIu64, (uint64_t)clock.clock);
    must(dup2(other.fd, vm.fd) == vm.fd, "dup2");
    r = ioctl(vm.fd, KVM_GET_CLOCK, &clock);
    say("KVM_GET_CLOCK", 1, -1, r, "clock=%" PRIu64, (uint64_t)clock.clock);
    /* a number that was unused before the last one was closed */
    int unseen = dup(moved);
    close(moved);
    r = ioctl(unseen, KVM_GET_CLOCK, &clock);
    say("KVM_GET_CLOCK", 0, -1, r, "clock=%" PRIu64, (uint64_t)clock.clock);
    /* the kernel reads 32 bits of the number and of the request */
    r = (int)syscall(SYS_ioctl, (1L << 40) | unseen, (1L << 50) | KVM_GET_CLOCK, &clock);
    say("KVM_GET_CLOCK", 0, -1, r, "clock=%" PRIu64, (uint64_t)clock.clock);
    vm.run[0]->immediate_exit = 1;
    r = ioctl(vm.vcpu[0], KVM_RUN, 0L);
    say("KVM_RUN", 0, 0, r, "immediate_exit=1");
    free(msrs);
    return 0;
}

static int forks(void) {
    struct vm vm = make_vm(1);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        get_clock(&vm); /* its parent's VM */
        struct vm own = make_vm(1);
        get_clock(&own);
        close_vm(&own, 1);
        _exit(0);
    }
    int status = 0;
    must(child > 0 && waitpid(child, &status, 0) == child && status == 0, "the child");
    next_vm++;
    get_clock(&vm);
    struct vm last = make_vm(1);
    close_vm(&last, 1);
    execl("/bin/sh", "sh", "-c", "exit 5", (char *)NULL);
    return 4;
}

static void *one_of_many(void *argument) {
    struct vm *vm = argument;
    for (int i = 0; i < 20; i++) {
        struct kvm_clock_data clock;
        int r = ioctl(vm->fd, KVM_GET_CLOCK, &clock);
        say("KVM_GET_CLOCK", vm->number, -1, r, "clock=%" PRIu64, (uint64_t)clock.clock);
    }
    return NULL;
}

static void nothing(int signal) {
    (void)signal;
}

static void *spinner(void *argument) {
    struct vm *vm = argument;
    for (;;) {
        ioctl(vm->vcpu[0], KVM_RUN, 0L);
    }
    return NULL;
}

static int threads(void) {
    struct vm vm = make_vm(1);
    pthread_t many[100];
    struct sigaction action = {.sa_handler = nothing};
    sigaction(SIGUSR1, &action, NULL);
    for (int i = 0; i < 100; i++) {
        must(pthread_create(&many[i], NULL, one_of_many, &vm) == 0, "pthread_create");
    }
    pthread_t spinning;
    must(pthread_create(&spinning, NULL, spinner, &vm) == 0, "pthread_create");
    for (int i = 0; i < 50; i++) {
        pthread_kill(spinning, SIGUSR1);
        usleep(1000);
    }
    for (int i = 0; i < 100; i++) {
        pthread_join(many[i], NULL);
    }
    fflush(stdout);
    _exit(9); /* with a thread inside KVM_RUN */
}

static int sandboxed(void) {
    struct vm vm = make_vm(1);
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, KVM_SET_CLOCK, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
    must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no_new_privs");
    must(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0, "seccomp");
    get_clock(&vm);
    struct kvm_clock_data clock = {0};
    must(ioctl(vm.fd, KVM_SET_CLOCK, &clock) < 0 && errno == EPERM, "the filter"); /* (KVM has not seen it: no record) */
    get_clock(&vm);
    return 0;
}

static int spin(void) {
    static struct vm vm;
    vm = make_vm(2);
    pthread_t spinning;
    must(pthread_create(&spinning, NULL, spinner, &vm) == 0, "pthread_create");
    for (;;) {
        get_clock(&vm);
        offset(&vm, 1, 0, 0);
        usleep(20000);
    }
    return 0;
}

int main(int argc, char **argv) {
    const char *scenario = argc > 1 ? argv[1] : "save-restore";
    kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
    must(kvm >= 0, "/dev/kvm");
    run_size = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0L);
    return !strcmp(scenario, "save-restore") ? save_restore()
        : !strcmp(scenario, "hostile")       ? hostile()
        : !strcmp(scenario, "timers")        ? timers()
        : !strcmp(scenario, "forks")         ? forks()
        : !strcmp(scenario, "threads")       ? threads()
        : !strcmp(scenario, "sandboxed")     ? sandboxed()
        : !strcmp(scenario, "spin")          ? spin()
                                             : 3;
}
