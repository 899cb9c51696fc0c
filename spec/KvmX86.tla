------------------------------- MODULE KvmX86 --------------------------------
(***************************************************************************)
(* The guest's TSC under KVM on x86: how a vCPU comes to its offset, when  *)
(* KVM takes several writes for one (the synchronisation heuristic), when  *)
(* the masterclock is on, and what userspace and the guest can see of it.  *)
(*                                                                         *)
(* Read with arch/x86/kvm/x86.c at hand: operators carry the names of the  *)
(* C functions and fields they mirror, in camel case.  Where kernels       *)
(* differ, a switch of the record kernel decides (module Kernels).         *)
(*                                                                         *)
(* This module is what KVM does, for any VMM and any guest.  It holds no   *)
(* bounds: those are in the MC modules.  Conditions of this slice, each to *)
(* be lifted by its own step: the host TSC is stable and the same on all   *)
(* pCPUs, no catch-up, no nested guest, and of kvmclock there is only the  *)
(* masterclock's state, not the time.                               Fields   *)
(* that nothing here reads (last_guest_tsc, the masterclock's reference)   *)
(* are left out.                                                           *)
(***************************************************************************)
EXTENDS Naturals, FiniteSets, Rates, Kernels

VARIABLES
  \* The host.
  kernel,             \* record of switches; never changes
  tscKhz,             \* rate of the host's TSC, kHz; never changes
  tscFracBits,        \* how the host scales: 48 (Intel), 32 (AMD), 0 not at all; never changes
  tscClocksource,     \* TRUE while the host's clocksource is the TSC; never changes here
  hostTsc,            \* what rdtsc returns on the host, cycles

  \* The VM (struct kvm_arch), all under tsc_write_lock.
  lastTscNsec,        \* the last TSC write of any kind, matched or not: when, ns of the base clock,
  lastTscWrite,       \* ... with which value, cycles,
  lastTscKhz,         \* ... at which rate, kHz; 0 before the first,
  lastTscOffset,      \* ... and giving which offset, cycles
  curTscNsec,         \* the write that opened the current generation: when, ns,
  curTscWrite,        \* ... with which value, cycles,
  curTscOffset,       \* ... and giving which offset, cycles
  curTscGeneration,   \* counts the generations
  nrVcpusMatched,     \* nr_vcpus_matched_tsc: vCPUs that joined it, without the one that opened it
  userSetTsc,         \* user_set_tsc: userspace has set the TSC; stays FALSE without userSetTscGate
  useMasterClock,     \* use_master_clock
  defaultTscKhz,      \* the rate that the next vCPU gets, kHz

  \* The vCPUs (struct kvm_vcpu_arch): functions over the vCPUs created so far.
  tscOffset,          \* l1_tsc_offset: guest TSC minus host TSC, cycles modulo 2^WordBits
  thisTscNsec,        \* of the generation that the vCPU joined or opened last:
  thisTscWrite,       \* ... copies of curTscNsec, curTscWrite and curTscGeneration
  thisTscGeneration,
  virtualTscKhz,      \* the rate that the vCPU is meant to have, kHz
  tscScalingRatio,    \* l1_tsc_scaling_ratio: guest's rate by host's, fixed point
  tscAdjust,          \* ia32_tsc_adjust_msr, cycles modulo 2^WordBits
  masterclockUpdate,  \* the vCPUs with KVM_REQ_MASTERCLOCK_UPDATE pending
  inGuest,            \* the vCPUs whose KVM_RUN is in the guest: they hold their vCPU mutex

  \* What can be seen from outside.  No action reads these; properties do.
  reply,              \* the last operation, with its arguments and what it returned
  guestSeen,          \* {} or {the greatest value that a vCPU has read since the TSC was last set}
  userOffset          \* {} or {the offset that userspace's writes have laid down}

fixedVars == <<kernel, tscKhz, tscFracBits, tscClocksource>>
rateVars  == <<defaultTscKhz, virtualTscKhz, tscScalingRatio>>
lastVars  == <<lastTscNsec, lastTscWrite, lastTscKhz, lastTscOffset>>
curVars   == <<curTscNsec, curTscWrite, curTscOffset, curTscGeneration>>
syncVars  == <<lastVars, curVars, nrVcpusMatched, userSetTsc,
               tscOffset, thisTscNsec, thisTscWrite, thisTscGeneration>>
kvmVars   == <<syncVars, rateVars, tscAdjust, useMasterClock, masterclockUpdate, inGuest>>
vars      == <<fixedVars, hostTsc, kvmVars, reply, guestSeen, userOffset>>

-----------------------------------------------------------------------------
(***************************************************************************)
(* Derived                                                                 *)
(***************************************************************************)

online == DOMAIN tscOffset

\* The host's TSC as a vCPU with this ratio sees it, before the offset.
Scaled(ratio) == Scale(tscFracBits, hostTsc, ratio)

\* What vCPU vcpu reads of its TSC now.
GuestTsc(vcpu) == Add(Scaled(tscScalingRatio[vcpu]), tscOffset[vcpu])

\* get_kvmclock_base_ns(): CLOCK_MONOTONIC_RAW plus boot offset.  With the TSC as
\* clocksource it is a function of the TSC.
BaseNs == CyclesToNs(tscKhz, hostTsc)

\* All vCPUs have the same.
Equal(f) == \A v, w \in DOMAIN f : f[v] = f[w]

\* All vCPUs are on one line: the same offset and the same rate.
OneLine == Equal(tscOffset) /\ Equal(tscScalingRatio)

\* Are all vCPUs matched?  KVM says so if all belong to the current generation:
\* nr_vcpus_matched_tsc + 1 == online_vcpus.
AllMatched(nrMatched, offsets, ratios) ==
  IF kernel.matchesOffsets
  THEN offsets # << >> /\ Equal(offsets) /\ Equal(ratios)
  ELSE nrMatched + 1 = Cardinality(DOMAIN offsets)

\* f with x at key, whether key is new or not.
With(f, key, x) == [k \in DOMAIN f \cup {key} |-> IF k = key THEN x ELSE f[k]]

NewVm(switches, khz, fracBits, clocksourceIsTsc, tsc) ==
  /\ kernel = switches
  /\ tscKhz = khz
  /\ tscFracBits = fracBits
  /\ defaultTscKhz = khz
  /\ tscClocksource = clocksourceIsTsc
  /\ hostTsc = tsc
  /\ lastTscNsec = Zero /\ lastTscWrite = Zero /\ lastTscKhz = 0 /\ lastTscOffset = Zero
  /\ curTscNsec = Zero /\ curTscWrite = Zero /\ curTscOffset = Zero /\ curTscGeneration = 0
  /\ nrVcpusMatched = 0
  /\ userSetTsc = FALSE
  /\ useMasterClock = FALSE
  /\ tscOffset = << >> /\ thisTscNsec = << >> /\ thisTscWrite = << >> /\ thisTscGeneration = << >>
  /\ virtualTscKhz = << >> /\ tscScalingRatio = << >> /\ tscAdjust = << >>
  /\ masterclockUpdate = {}
  /\ inGuest = {}
  /\ reply = [op |-> "CreateVm"]
  /\ guestSeen = {}
  /\ userOffset = {}

-----------------------------------------------------------------------------
(***************************************************************************)
(* The synchronisation heuristic                                           *)
(***************************************************************************)

\* kvm_track_tsc_matching(): does this write ask its vCPU for a masterclock update?
TrackTsc(vcpu, newGeneration, nrMatched, offsets, ratios) ==
  LET want    == tscClocksource /\ AllMatched(nrMatched, offsets, ratios)
      request == IF kernel.trackOnlyOnChange
                 THEN (useMasterClock /\ newGeneration) \/ useMasterClock # want
                 ELSE useMasterClock \/ want
  IN masterclockUpdate' = IF request THEN masterclockUpdate \cup {vcpu} ELSE masterclockUpdate

\* __kvm_synchronize_tsc(): give vcpu its offset and keep the books.  matched says that
\* the write belongs to the current generation; if not, it opens a new one.  rate is what
\* the vCPU has now: [khz, ratio].
SynchronizeCore(vcpu, rate, offset, value, matched, byUser) ==
  LET generation == IF matched THEN curTscGeneration ELSE curTscGeneration + 1
      joins      == matched /\ (IF vcpu \in online THEN thisTscGeneration[vcpu] # generation
                                                   ELSE generation # 0)
      nrMatched  == IF ~matched THEN 0
                    ELSE IF joins THEN nrVcpusMatched + 1 ELSE nrVcpusMatched
      offsets    == With(tscOffset, vcpu, offset)
      ratios     == With(tscScalingRatio, vcpu, rate.ratio)
      \* Which generation the vCPU notes: the one that it is in now, or the one before.
      early      == matched \/ kernel.recordsGenerationEarly
  IN /\ tscOffset' = offsets
     /\ lastTscNsec' = BaseNs
     \* (For a write that opens a generation the two are the same.)
     /\ lastTscWrite' = IF kernel.keepsLineOnMatch THEN Add(Scaled(rate.ratio), offset) ELSE value
     /\ lastTscKhz' = rate.khz
     /\ lastTscOffset' = offset
     /\ curTscGeneration' = generation
     /\ curTscNsec' = IF matched THEN curTscNsec ELSE BaseNs
     /\ curTscWrite' = IF matched THEN curTscWrite ELSE value
     /\ curTscOffset' = IF matched THEN curTscOffset ELSE offset
     /\ nrVcpusMatched' = nrMatched
     /\ thisTscGeneration' = With(thisTscGeneration, vcpu, IF early THEN curTscGeneration ELSE generation)
     /\ thisTscNsec' = With(thisTscNsec, vcpu, IF early THEN curTscNsec ELSE BaseNs)
     /\ thisTscWrite' = With(thisTscWrite, vcpu, IF early THEN curTscWrite ELSE value)
     /\ userSetTsc' = (userSetTsc \/ (kernel.userSetTscGate /\ byUser))
     /\ virtualTscKhz' = With(virtualTscKhz, vcpu, rate.khz)
     /\ tscScalingRatio' = ratios
     /\ TrackTsc(vcpu, ~matched, nrMatched, offsets, ratios)

\* A written value is expected if it is less than a second away from where the last
\* write would have led by now.  Strict on both sides; the sums wrap.
WithinOneSecond(khz, value) ==
  LET expected == Add(lastTscWrite, NsToCycles(khz, Sub(BaseNs, lastTscNsec)))
      second   == SecondInCycles(khz)
  IN /\ Less(value, Add(expected, second))
     /\ Less(expected, Add(value, second))

\* Is the write taken for one of those by which a VMM gives all vCPUs the same time?
\* A creation always is, and counts as a write of 0; and so, with most kernels, does a
\* write of 0 that is none.
Synchronizing(khz, value, byUser) ==
  \/ value = Zero /\ ~(byUser /\ kernel.zeroIsAValue)
  \/ /\ kernel.userSetTscGate => userSetTsc
     /\ WithinOneSecond(khz, value)

\* kvm_synchronize_tsc()
Synchronize(vcpu, rate, value, byUser) ==
  LET matched == Synchronizing(rate.khz, value, byUser) /\ rate.khz = lastTscKhz
      offset  == IF matched THEN curTscOffset ELSE Sub(value, Scaled(rate.ratio))
  IN SynchronizeCore(vcpu, rate, offset, value, matched, byUser)

\* The rate that the vCPU has.
RateOf(vcpu) == [khz |-> virtualTscKhz[vcpu], ratio |-> tscScalingRatio[vcpu]]

\* set_tsc_khz(): what comes of asking for khz, of which 0 is the host's.  ratio is Zero where
\* the host cannot do it: it does not scale and khz is less than its own, or no ratio says it.
\* (Without scaling a faster guest is caught up with by raising its offset: CatchesUp.)
Wanted(khz) == IF khz = 0 THEN tscKhz ELSE khz
RateFor(khz) ==
  [khz   |-> Wanted(khz),
   ratio |-> IF NearEnough(Wanted(khz), tscKhz) THEN DefaultRatio(tscFracBits)
             ELSE IF tscFracBits = 0 THEN Zero
             ELSE Ratio(tscFracBits, Wanted(khz), tscKhz)]
CatchesUp(khz) == tscFracBits = 0 /\ Wanted(khz) > tscKhz /\ ~NearEnough(Wanted(khz), tscKhz)

\* pvclock_update_vm_gtod_copy(): is the masterclock to be used?
MasterClock == tscClocksource /\ AllMatched(nrVcpusMatched, tscOffset, tscScalingRatio)

-----------------------------------------------------------------------------
(***************************************************************************)
(* Operations of userspace                                                 *)
(***************************************************************************)

\* KVM_CREATE_VCPU (VM ioctl), up to and with kvm_arch_vcpu_postcreate().
CreateVcpu(vcpu) ==
  /\ vcpu \notin online
  /\ Synchronize(vcpu, RateFor(defaultTscKhz), Zero, FALSE)
  /\ defaultTscKhz' = defaultTscKhz
  /\ tscAdjust' = With(tscAdjust, vcpu, Zero)
  /\ reply' = [op |-> "CreateVcpu", vcpu |-> vcpu]
  /\ UNCHANGED <<fixedVars, hostTsc, useMasterClock, inGuest, guestSeen, userOffset>>

\* A vCPU ioctl needs the vCPU and its mutex.
VcpuIdle(vcpu) == vcpu \in online /\ vcpu \notin inGuest

\* KVM_SET_MSRS of MSR_IA32_TSC: the TSC by value.
WriteTsc(vcpu, value) ==
  /\ VcpuIdle(vcpu)
  /\ Synchronize(vcpu, RateOf(vcpu), value, TRUE)
  /\ defaultTscKhz' = defaultTscKhz
  /\ reply' = [op |-> "WriteTsc", vcpu |-> vcpu, value |-> value]
  /\ guestSeen' = {}
  /\ userOffset' = IF curTscGeneration' # curTscGeneration THEN {curTscOffset'} ELSE userOffset
  /\ UNCHANGED <<fixedVars, hostTsc, tscAdjust, useMasterClock, inGuest>>

\* KVM_SET_DEVICE_ATTR, KVM_VCPU_TSC_CTRL / KVM_VCPU_TSC_OFFSET: the offset itself.  It is
\* compared with the last write of anybody, not with the vCPU's own offset.
SetTscOffset(vcpu, offset) ==
  /\ VcpuIdle(vcpu)
  /\ LET rate    == RateOf(vcpu)
         matched == rate.khz = lastTscKhz /\ offset = lastTscOffset
     IN SynchronizeCore(vcpu, rate, offset, Add(Scaled(rate.ratio), offset), matched, TRUE)
  /\ defaultTscKhz' = defaultTscKhz
  /\ reply' = [op |-> "SetTscOffset", vcpu |-> vcpu, offset |-> offset]
  /\ guestSeen' = {}
  /\ userOffset' = {offset}
  /\ UNCHANGED <<fixedVars, hostTsc, tscAdjust, useMasterClock, inGuest>>

Unchanged == UNCHANGED <<fixedVars, hostTsc, kvmVars, userOffset>>

\* KVM_GET_DEVICE_ATTR of the same attribute.
GetTscOffset(vcpu) ==
  /\ VcpuIdle(vcpu)
  /\ reply' = [op |-> "GetTscOffset", vcpu |-> vcpu, offset |-> tscOffset[vcpu]]
  /\ guestSeen' = guestSeen
  /\ Unchanged

\* KVM_GET_MSRS of MSR_IA32_TSC.
ReadTsc(vcpu) ==
  /\ VcpuIdle(vcpu)
  /\ reply' = [op |-> "ReadTsc", vcpu |-> vcpu, value |-> GuestTsc(vcpu)]
  /\ guestSeen' = guestSeen
  /\ Unchanged

\* KVM_SET_TSC_KHZ on a vCPU.  Not modelled where the guest would be caught up with.
SetTscKhz(vcpu, khz) ==
  LET rate    == RateFor(khz)
      refused == rate.ratio = Zero
  IN /\ VcpuIdle(vcpu)
     /\ ~CatchesUp(khz)
     /\ \/ /\ refused
           /\ virtualTscKhz' = IF kernel.refusalKeepsKhz THEN virtualTscKhz
                               ELSE With(virtualTscKhz, vcpu, rate.khz)
           /\ UNCHANGED <<syncVars, tscScalingRatio, masterclockUpdate>>
        \/ /\ ~refused
           /\ ~kernel.synchronizesOnKhz
           /\ virtualTscKhz' = With(virtualTscKhz, vcpu, rate.khz)
           /\ tscScalingRatio' = With(tscScalingRatio, vcpu, rate.ratio)
           /\ UNCHANGED <<syncVars, masterclockUpdate>>
        \/ /\ ~refused
           /\ kernel.synchronizesOnKhz
           /\ LET value == GuestTsc(vcpu)
              IN SynchronizeCore(vcpu, rate, Sub(value, Scaled(rate.ratio)), value, FALSE, TRUE)
     /\ reply' = [op |-> "SetTscKhz", vcpu |-> vcpu, khz |-> khz, errno |-> IF refused THEN 22 ELSE 0]
     /\ UNCHANGED <<fixedVars, hostTsc, defaultTscKhz, tscAdjust, useMasterClock, inGuest,
                    guestSeen, userOffset>>

\* KVM_GET_TSC_KHZ on a vCPU.
GetTscKhz(vcpu) ==
  /\ VcpuIdle(vcpu)
  /\ reply' = [op |-> "GetTscKhz", vcpu |-> vcpu, khz |-> virtualTscKhz[vcpu]]
  /\ guestSeen' = guestSeen
  /\ Unchanged

\* KVM_SET_TSC_KHZ on the VM: the rate of the vCPUs to come.
SetVmTscKhz(khz) ==
  LET refused == kernel.vmTscKhzFirst /\ online # {}
  IN /\ RateFor(khz).ratio # Zero
     /\ ~CatchesUp(khz)
     /\ defaultTscKhz' = IF refused THEN defaultTscKhz ELSE Wanted(khz)
     /\ reply' = [op |-> "SetVmTscKhz", khz |-> khz, errno |-> IF refused THEN 22 ELSE 0]
     /\ UNCHANGED <<fixedVars, hostTsc, syncVars, virtualTscKhz, tscScalingRatio, tscAdjust,
                    useMasterClock, masterclockUpdate, inGuest, guestSeen, userOffset>>

\* KVM_SET_MSRS of MSR_IA32_TSC_ADJUST: stores the value; the TSC stays.
WriteTscAdjust(vcpu, value) ==
  /\ VcpuIdle(vcpu)
  /\ tscAdjust' = With(tscAdjust, vcpu, value)
  /\ reply' = [op |-> "WriteTscAdjust", vcpu |-> vcpu, value |-> value]
  /\ UNCHANGED <<fixedVars, hostTsc, syncVars, rateVars, useMasterClock, masterclockUpdate, inGuest,
                 guestSeen, userOffset>>

\* KVM_GET_MSRS of MSR_IA32_TSC_ADJUST.
ReadTscAdjust(vcpu) ==
  /\ VcpuIdle(vcpu)
  /\ reply' = [op |-> "ReadTscAdjust", vcpu |-> vcpu, value |-> tscAdjust[vcpu]]
  /\ guestSeen' = guestSeen
  /\ Unchanged

\* KVM_SET_CLOCK as far as the masterclock: it is evaluated anew at once.  Requests stay.
SetClock ==
  /\ useMasterClock' = MasterClock
  /\ reply' = [op |-> "SetClock"]
  /\ UNCHANGED <<fixedVars, hostTsc, syncVars, rateVars, tscAdjust, masterclockUpdate, inGuest,
                 guestSeen, userOffset>>

\* KVM_GET_CLOCK as far as its flags: KVM_CLOCK_TSC_STABLE (2) follows the masterclock;
\* KVM_CLOCK_REALTIME (4) and KVM_CLOCK_HOST_TSC (8) need the host's clockread as well,
\* which succeeds where the clocksource is the TSC.
GetClock ==
  /\ reply' = [op |-> "GetClock",
               flags |-> IF ~useMasterClock THEN 0 ELSE IF tscClocksource THEN 14 ELSE 2]
  /\ guestSeen' = guestSeen
  /\ Unchanged

-----------------------------------------------------------------------------
(***************************************************************************)
(* The guest, and time                                                     *)
(***************************************************************************)

\* KVM_RUN up to the guest.  A pending request is worked off on the way: only here, and at
\* KVM_SET_CLOCK, does the masterclock change.
EnterGuest(vcpu) ==
  /\ VcpuIdle(vcpu)
  /\ inGuest' = inGuest \cup {vcpu}
  /\ masterclockUpdate' = masterclockUpdate \ {vcpu}
  /\ useMasterClock' = IF vcpu \in masterclockUpdate
                       THEN MasterClock
                       ELSE useMasterClock
  /\ reply' = [op |-> "EnterGuest", vcpu |-> vcpu, updated |-> vcpu \in masterclockUpdate]
  /\ UNCHANGED <<fixedVars, hostTsc, syncVars, rateVars, tscAdjust, guestSeen, userOffset>>

\* KVM_RUN returns to userspace.
ExitGuest(vcpu) ==
  /\ vcpu \in inGuest
  /\ inGuest' = inGuest \ {vcpu}
  /\ reply' = [op |-> "ExitGuest", vcpu |-> vcpu]
  /\ UNCHANGED <<fixedVars, hostTsc, syncVars, rateVars, tscAdjust, useMasterClock,
                 masterclockUpdate, guestSeen, userOffset>>

\* The guest executes rdtsc on vcpu.  It may do so whenever it runs.
GuestReadTsc(vcpu) ==
  /\ vcpu \in inGuest
  /\ reply' = [op |-> "GuestReadTsc", vcpu |-> vcpu, value |-> GuestTsc(vcpu)]
  /\ guestSeen' = IF \E seen \in guestSeen : Before(GuestTsc(vcpu), seen)
                  THEN guestSeen
                  ELSE {GuestTsc(vcpu)}
  /\ Unchanged

\* The guest moves its own TSC on vcpu, by delta.  Since 5.10 (0c899c25d754) this is not
\* synchronised: the offset moves, and KVM's books do not learn of it.
MoveGuestTsc(vcpu, delta, adjust) ==
  /\ vcpu \in inGuest
  /\ tscOffset' = With(tscOffset, vcpu, Add(tscOffset[vcpu], delta))
  /\ tscAdjust' = With(tscAdjust, vcpu, adjust)
  /\ guestSeen' = {}
  /\ UNCHANGED <<fixedVars, hostTsc, lastVars, curVars, nrVcpusMatched, userSetTsc,
                 thisTscNsec, thisTscWrite, thisTscGeneration, rateVars,
                 useMasterClock, masterclockUpdate, inGuest, userOffset>>

\* The guest writes MSR_IA32_TSC: MSR_IA32_TSC_ADJUST moves along.
GuestWriteTsc(vcpu, value) ==
  /\ LET delta == Sub(value, GuestTsc(vcpu))
     IN MoveGuestTsc(vcpu, delta, Add(tscAdjust[vcpu], delta))
  /\ reply' = [op |-> "GuestWriteTsc", vcpu |-> vcpu, value |-> value]

\* The guest writes MSR_IA32_TSC_ADJUST: its TSC moves along.
GuestWriteTscAdjust(vcpu, value) ==
  /\ MoveGuestTsc(vcpu, Sub(value, tscAdjust[vcpu]), value)
  /\ reply' = [op |-> "GuestWriteTscAdjust", vcpu |-> vcpu, value |-> value]

\* The guest reads MSR_IA32_TSC_ADJUST.
GuestReadTscAdjust(vcpu) ==
  /\ vcpu \in inGuest
  /\ reply' = [op |-> "GuestReadTscAdjust", vcpu |-> vcpu, value |-> tscAdjust[vcpu]]
  /\ guestSeen' = guestSeen
  /\ Unchanged

\* The host's counter reaches tsc.
TimePasses(tsc) ==
  /\ IsWord(tsc)
  /\ Before(hostTsc, tsc)
  /\ hostTsc' = tsc
  /\ reply' = [op |-> "TimePasses"]
  /\ UNCHANGED <<fixedVars, kvmVars, guestSeen, userOffset>>

\* One step of KVM under any VMM and any guest.
Step(vcpu, word, khz) ==
  \/ CreateVcpu(vcpu)
  \/ WriteTsc(vcpu, word)
  \/ SetTscOffset(vcpu, word)
  \/ GetTscOffset(vcpu)
  \/ ReadTsc(vcpu)
  \/ SetTscKhz(vcpu, khz)
  \/ SetVmTscKhz(khz)
  \/ GetTscKhz(vcpu)
  \/ WriteTscAdjust(vcpu, word)
  \/ ReadTscAdjust(vcpu)
  \/ SetClock
  \/ GetClock
  \/ EnterGuest(vcpu)
  \/ ExitGuest(vcpu)
  \/ GuestReadTsc(vcpu)
  \/ GuestWriteTsc(vcpu, word)
  \/ GuestWriteTscAdjust(vcpu, word)
  \/ GuestReadTscAdjust(vcpu)
  \/ TimePasses(word)

-----------------------------------------------------------------------------
(***************************************************************************)
(* What a guest and its user may count on                                  *)
(***************************************************************************)

\* No vCPU reads less than what any vCPU has read before.  If it fails, time goes
\* backwards between two threads of the guest, or within one that moved to another vCPU.
Monotonic ==
  reply.op = "GuestReadTsc" => \A seen \in guestSeen : ~Before(reply.value, seen)

\* Whenever the guest runs, all its vCPUs are on one line.  If it fails, the guest finds
\* its TSCs unsynchronised: it drops the clocksource, or does not and misorders events.
SameLine == inGuest # {} => OneLine

\* KVM_GET_CLOCK reports TSC_STABLE only while all vCPUs are on one line.  If it fails, a
\* VMM takes (host_tsc, realtime) for a fix of the whole guest, which it is not.
StableIsTrue ==
  (reply.op = "GetClock" /\ reply.flags # 0) => OneLine

\* A write that returned success did what it says: the vCPU reads the value (has the
\* offset) that was written.  A value write may instead join the line that userspace's
\* own writes have laid down: that is what the heuristic is for.  If it fails, a restored
\* guest lives at a time that nobody gave it.
WriteTakesEffect ==
  /\ reply.op = "WriteTsc" =>
       \/ GuestTsc(reply.vcpu) = reply.value
       \/ tscOffset[reply.vcpu] \in userOffset
  /\ reply.op = "SetTscOffset" => tscOffset[reply.vcpu] = reply.offset
  /\ reply.op = "GuestWriteTsc" => GuestTsc(reply.vcpu) = reply.value

\* An operation that reports an error has changed nothing.  If it fails, a VMM that goes
\* another way after the error goes it from a state that it does not know.
ErrorChangesNothing ==
  [][reply'.op = "SetTscKhz" /\ reply'.errno # 0 => UNCHANGED kvmVars]_vars

\* Setting a vCPU's rate changes how fast its TSC goes on, not where it is.  If it fails, the
\* guest's time leaps, by hours on a host that has been up for days.
Continuous ==
  [][reply'.op = "SetTscKhz" => \A v \in online : GuestTsc(v)' = GuestTsc(v)]_vars

\* Whether the masterclock is on depends on the offsets that were set, not on how it came to
\* them.  If it fails, a VMM that has put every vCPU on one line still gets no host_tsc from
\* KVM_GET_CLOCK, and the guest a kvmclock that is not stable.
HistoryFree ==
  (tscClocksource /\ online # {} /\ OneLine /\ masterclockUpdate = {}) => useMasterClock

-----------------------------------------------------------------------------
(***************************************************************************)
(* What the code relies on: true for any VMM that leaves the vCPUs' rates  *)
(* alone, and any guest that leaves its TSC alone                          *)
(***************************************************************************)

TypeOK ==
  /\ kernel \in {Profiles[p] : p \in DOMAIN Profiles}
  /\ IsWord(hostTsc)
  /\ \A w \in {lastTscNsec, lastTscWrite, lastTscOffset, curTscNsec, curTscWrite, curTscOffset} :
       IsWord(w)
  /\ lastTscKhz \in Nat /\ defaultTscKhz \in Nat
  /\ curTscGeneration \in Nat /\ nrVcpusMatched \in Nat
  /\ userSetTsc \in BOOLEAN /\ useMasterClock \in BOOLEAN /\ tscClocksource \in BOOLEAN
  /\ \A f \in {tscOffset, thisTscNsec, thisTscWrite, tscAdjust} :
       DOMAIN f = online /\ \A v \in online : IsWord(f[v])
  /\ DOMAIN thisTscGeneration = online /\ DOMAIN virtualTscKhz = online
  /\ DOMAIN tscScalingRatio = online
  /\ masterclockUpdate \subseteq online
  /\ inGuest \subseteq online
  /\ Cardinality(guestSeen) <= 1 /\ Cardinality(userOffset) <= 1

\* The books are right: nrVcpusMatched counts the members of the current generation
\* besides the one that opened it, and each member is on the generation's line.
GenerationIsOneLine ==
  LET members == {v \in online : thisTscGeneration[v] = curTscGeneration}
  IN online # {} => /\ Cardinality(members) = nrVcpusMatched + 1
                    /\ \A v \in members : tscOffset[v] = curTscOffset

\* The masterclock is on only while the books say so, or an update is on its way.
MasterClockFollows == useMasterClock => MasterClock \/ masterclockUpdate # {}

\* Once all updates are worked off, a masterclock that is on tells the truth.
MasterClockIsOneLine == (useMasterClock /\ masterclockUpdate = {}) => OneLine
=============================================================================
