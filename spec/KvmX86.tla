------------------------------- MODULE KvmX86 --------------------------------
(***************************************************************************)
(* The guest's time under KVM on x86.  The TSC: how a vCPU gets its offset *)
(* and its rate, and when KVM treats several writes as one (the            *)
(* synchronisation heuristic).  kvmclock: when the masterclock is on, what *)
(* each vCPU's page contains, and what KVM_GET_CLOCK and KVM_SET_CLOCK     *)
(* return and do.                                                          *)
(*                                                                         *)
(* Read with arch/x86/kvm/x86.c at hand: operators carry the names of the  *)
(* C functions and fields they mirror, in camel case.  Where kernels       *)
(* differ, a switch of the record kernel decides (module Kernels).         *)
(*                                                                         *)
(* This module is what KVM does, for any VMM and any guest.  It holds no   *)
(* bounds: those are in the MC modules.  It has no nested guest, and no    *)
(* vCPU whose TSC is protected from its host.  A step is what happens      *)
(* under tsc_write_lock; so a page is written in one step.  Module Pvclock *)
(* has what a reader can see while KVM writes it.                          *)
(***************************************************************************)
EXTENDS Naturals, FiniteSets, Rates, Kernels

VARIABLES
  \* The host.
  kernel,             \* record of switches; never changes
  tscKhz,             \* rate of the host's TSC as KVM knows it, kHz; never changes
  clocksourceKhz,     \* ... and as the host's clocks are computed from it: KVM takes its own when it is
                      \* loaded, and the kernel refines it some seconds after boot; never changes
  tscFracBits,        \* fraction bits of scaling: 48 (Intel), 32 (AMD), 0: none; never changes
  tscClocksource,     \* TRUE while the host's clocksource is the TSC
  tscUnstable,        \* TRUE once the kernel has found its TSC unstable (check_tsc_unstable)
  hostTsc,            \* the result of rdtsc on the host, cycles
  hostNs,             \* get_kvmclock_base_ns(): CLOCK_MONOTONIC_RAW plus boot offset, ns
  hostRealtime,       \* CLOCK_REALTIME, ns; anybody may set it
  paceTsc, paceNs,    \* hostTsc and hostNs when the clocksource became the TSC

  \* The VM (struct kvm_arch), all under tsc_write_lock.
  lastTscNsec,        \* the last TSC write of any kind, matched or not: when, ns of the base clock,
  lastTscWrite,       \* ... with which value, cycles,
  lastTscKhz,         \* ... at which rate, kHz; 0 before the first,
  lastTscOffset,      \* ... and giving which offset, cycles
  curTscNsec,         \* the write that opened the current generation: when, ns,
  curTscWrite,        \* ... with which value, cycles,
  curTscOffset,       \* ... and giving which offset, cycles
  curTscGeneration,   \* counts the generations
  nrVcpusMatched,     \* nr_vcpus_matched_tsc: vCPUs that joined it, except the one that opened it
  userSetTsc,         \* user_set_tsc: userspace has set the TSC; stays FALSE without userSetTscGate
  useMasterClock,     \* use_master_clock
  lossPending,        \* TRUE: the VM uses the masterclock, although the clocksource has left the TSC
                      \* since its last masterclock update
  masterKernelNs,     \* the instant from which the masterclock counts: ns of the base clock,
  masterCycleNow,     \* ... and the host's TSC
  kvmclockOffset,     \* kvmclock_offset: kvmclock minus base clock, ns modulo 2^WordBits
  defaultTscKhz,      \* the rate that the next vCPU gets, kHz
  backwardsTscObserved,    \* backwards_tsc_observed: the host came back from suspend with an earlier TSC
  bootVcpuRunsOldKvmclock, \* boot_vcpu_runs_old_kvmclock: vCPU 0 uses the legacy MSR

  \* The vCPUs (struct kvm_vcpu_arch): functions over the vCPUs created so far.
  tscOffset,          \* l1_tsc_offset: guest TSC minus host TSC, cycles modulo 2^WordBits
  thisTscNsec,        \* of the generation that the vCPU joined or opened last:
  thisTscWrite,       \* ... copies of curTscNsec, curTscWrite and curTscGeneration
  thisTscGeneration,
  virtualTscKhz,      \* the rate that the vCPU is meant to have, kHz
  tscScalingRatio,    \* l1_tsc_scaling_ratio: guest's rate by host's, fixed point
  tscAdjust,          \* ia32_tsc_adjust_msr, cycles modulo 2^WordBits
  lastGuestTsc,       \* last_guest_tsc: the TSC when KVM last saw it, cycles
  tscDeadlineMode,    \* apic_lvtt_tscdeadline(): the vCPUs whose LVT timer is in TSC-deadline mode
  tscDeadline,        \* lapic_timer.tscdeadline: {} or {the deadline that is armed, in cycles of the
                      \* vCPU's TSC, and the line that its TSC had then: [deadline, offset, ratio]}
  pvclock,            \* the vCPU's kvmclock page and its state:
                      \* [active, version, tscTimestamp, systemTime, mul, shift, stable, stopped]
  inGuest,            \* the vCPUs whose KVM_RUN is in the guest: they hold their vCPU mutex
  tscCatchup,         \* tsc_catchup: the vCPUs whose TSC KVM raises to where it should be
  tscAlwaysCatchup,   \* tsc_always_catchup: ... at every entry
  masterclockUpdate,  \* the vCPUs with KVM_REQ_MASTERCLOCK_UPDATE pending
  clockUpdate,        \* the vCPUs with KVM_REQ_CLOCK_UPDATE pending
  stoppedRequest,     \* pvclock_set_guest_stopped_request: the vCPUs whose page must get "stopped"
  kicked,             \* the vCPUs that a masterclock update has kicked out of the guest, in KVM_RUN

  \* An ioctl that is not one step.
  clockTaken,         \* {} or {what a KVM_GET_CLOCK has computed but not returned yet}
  tscTaken,           \* the host's TSC that a clock update has read, before it reads the base clock:
                      \* a function over the vCPUs between the two reads
  entering,           \* the vCPUs whose KVM_RUN has performed a masterclock update and is not in the
                      \* guest yet: they hold their vCPU mutex
  setClockBegun,      \* TRUE while a KVM_SET_CLOCK has updated the masterclock, but not yet the clock

  \* The guest's own memory.
  guestLastClock,     \* {} or {the greatest kvmclock read from a page that was not stable}

  \* What can be seen from outside.  No action reads these; properties do.
  reply,              \* the last operation, with its arguments and what it returned
  guestSeen,          \* {} or {the greatest value that a vCPU has read since the TSC was last set}
  clockSeen,          \* {} or {the greatest kvmclock that a vCPU has read since it was last set}
  userOffset,         \* {} or {the offset that userspace's writes have set, and the vCPUs that have
                      \* run since: [offset, ran]}
  userDeadline,       \* the vCPUs whose deadline userspace has written since they last ran, and that
                      \* has not been reached
  updatedGeneration   \* the generation at the last masterclock update

fixedVars == <<kernel, tscKhz, clocksourceKhz, tscFracBits>>
timeVars  == <<hostTsc, hostNs, hostRealtime>>
hostVars  == <<fixedVars, tscClocksource, tscUnstable, timeVars, paceTsc, paceNs>>
rateVars  == <<defaultTscKhz, virtualTscKhz, tscScalingRatio, tscCatchup, tscAlwaysCatchup>>
lastVars  == <<lastTscNsec, lastTscWrite, lastTscKhz, lastTscOffset>>
curVars   == <<curTscNsec, curTscWrite, curTscOffset, curTscGeneration>>
thisVars  == <<thisTscNsec, thisTscWrite, thisTscGeneration>>
timerVars == <<tscDeadlineMode, tscDeadline>>
syncVars  == <<lastVars, curVars, nrVcpusMatched, userSetTsc, tscOffset, thisVars, lastGuestTsc>>
masterVars == <<useMasterClock, lossPending, masterKernelNs, masterCycleNow, updatedGeneration>>
requestVars == <<masterclockUpdate, clockUpdate, stoppedRequest, kicked>>
oddVars   == <<backwardsTscObserved, bootVcpuRunsOldKvmclock>>
callVars  == <<clockTaken, setClockBegun, tscTaken, entering>>
seenVars  == <<guestSeen, clockSeen, guestLastClock, userOffset, userDeadline>>
kvmVars   == <<syncVars, rateVars, tscAdjust, timerVars, masterVars, kvmclockOffset, oddVars, pvclock,
               requestVars, callVars, inGuest>>
vars      == <<hostVars, kvmVars, reply, seenVars>>

\* All that ever changes.
changing  == <<tscClocksource, tscUnstable, timeVars, paceTsc, paceNs, kvmVars, reply, seenVars>>

-----------------------------------------------------------------------------
(***************************************************************************)
(* Derived                                                                 *)
(***************************************************************************)

online == DOMAIN tscOffset

\* The host's TSC as a vCPU with this ratio sees it, before the offset.
Scaled(ratio) == Scale(tscFracBits, hostTsc, ratio)

\* What vcpu reads from its TSC now.
GuestTsc(vcpu) == Add(Scaled(tscScalingRatio[vcpu]), tscOffset[vcpu])

\* The kvmclock that the guest computes from page p at TSC tsc.
PageReading(p, tsc) == Add(p.systemTime, PvclockNs(p.mul, p.shift, Sub(tsc, p.tscTimestamp)))

\* The pages, part by part, as traces show them.
pvclockActive       == {v \in online : pvclock[v].active}
pvclockVersion      == [v \in online |-> pvclock[v].version]
pvclockTscTimestamp == [v \in online |-> pvclock[v].tscTimestamp]
pvclockSystemTime   == [v \in online |-> pvclock[v].systemTime]
pvclockMul          == [v \in online |-> pvclock[v].mul]
pvclockShift        == [v \in online |-> pvclock[v].shift]
PageFlags(page)     == (IF page.stable THEN 1 ELSE 0) + (IF page.stopped THEN 2 ELSE 0)
pvclockFlags        == [v \in online |-> PageFlags(pvclock[v])]

\* The part of the state that concerns the TSC, without what kvmclock shows.  kvmclock does not
\* affect the TSC: unless KVM catches a TSC up, no TSC depends on the time in a page.
TscOnly ==
  <<tscClocksource, hostTsc, lastVars, curVars, nrVcpusMatched,
    userSetTsc, tscOffset, thisVars, defaultTscKhz, virtualTscKhz, tscScalingRatio, tscAdjust,
    timerVars, userDeadline, useMasterClock, lossPending, masterclockUpdate, inGuest, guestSeen, userOffset,
    setClockBegun, {taken.byMaster : taken \in clockTaken},
    IF reply.op = "GetClock" THEN [op |-> "GetClock", flags |-> reply.flags]
    ELSE IF reply.op = "EnterGuest"
    THEN [op |-> "EnterGuest", vcpu |-> reply.vcpu, updated |-> reply.updated]
    ELSE reply>>

\* All vCPUs have the same value.
Equal(f) == \A v, w \in DOMAIN f : f[v] = f[w]

\* All vCPUs are on one line: the same offset and the same rate.
OneLine == Equal(tscOffset) /\ Equal(tscScalingRatio)

\* Are all vCPUs matched?  For KVM they are if all belong to the current generation:
\* nr_vcpus_matched_tsc + 1 == online_vcpus.
AllMatched(nrMatched, offsets, ratios) ==
  IF kernel.matchesOffsets
  THEN offsets # << >> /\ Equal(offsets) /\ Equal(ratios)
  ELSE nrMatched + 1 = Cardinality(DOMAIN offsets)

\* The line that the TSC of vcpu has.
TscLine(vcpu) == [offset |-> tscOffset[vcpu], ratio |-> tscScalingRatio[vcpu]]

\* f with x at key, whether key is new or not.
With(f, key, x) == [k \in DOMAIN f \cup {key} |-> IF k = key THEN x ELSE f[k]]

NoPage == [active |-> FALSE, version |-> 0, tscTimestamp |-> Zero, systemTime |-> Zero,
           mul |-> Zero, shift |-> 0, stable |-> FALSE, stopped |-> FALSE]

\* A VM that is created at this instant.
NewVm(switches, khz, clockKhz, fracBits, clocksourceIsTsc, unstable, tsc, ns, realtime) ==
  /\ kernel = switches
  /\ tscKhz = khz /\ clocksourceKhz = clockKhz
  /\ tscFracBits = fracBits
  /\ tscClocksource = clocksourceIsTsc /\ tscUnstable = unstable
  /\ hostTsc = tsc /\ hostNs = ns /\ hostRealtime = realtime
  /\ paceTsc = tsc /\ paceNs = ns
  /\ defaultTscKhz = khz
  /\ lastTscNsec = Zero /\ lastTscWrite = Zero /\ lastTscKhz = 0 /\ lastTscOffset = Zero
  /\ curTscNsec = Zero /\ curTscWrite = Zero /\ curTscOffset = Zero /\ curTscGeneration = 0
  /\ nrVcpusMatched = 0
  /\ userSetTsc = FALSE
  /\ useMasterClock = FALSE
  \* (Evaluated once at creation, with no vCPU yet: off, but KVM records the instant.)
  /\ masterKernelNs = IF clocksourceIsTsc THEN ns ELSE Zero
  /\ masterCycleNow = IF clocksourceIsTsc THEN tsc ELSE Zero
  /\ kvmclockOffset = Sub(Zero, ns)
  /\ backwardsTscObserved = FALSE /\ bootVcpuRunsOldKvmclock = FALSE
  /\ tscOffset = << >> /\ thisTscNsec = << >> /\ thisTscWrite = << >> /\ thisTscGeneration = << >>
  /\ virtualTscKhz = << >> /\ tscScalingRatio = << >> /\ tscAdjust = << >> /\ lastGuestTsc = << >>
  /\ pvclock = << >> /\ tscDeadlineMode = {} /\ tscDeadline = << >>
  /\ tscCatchup = {} /\ tscAlwaysCatchup = {}
  /\ masterclockUpdate = {} /\ clockUpdate = {} /\ stoppedRequest = {} /\ kicked = {}
  /\ inGuest = {}
  /\ clockTaken = {} /\ setClockBegun = FALSE /\ tscTaken = << >> /\ entering = {}
  /\ guestLastClock = {}
  /\ reply = [op |-> "CreateVm"]
  /\ guestSeen = {} /\ clockSeen = {}
  /\ userOffset = {} /\ userDeadline = {}
  /\ updatedGeneration = 0 /\ lossPending = FALSE

-----------------------------------------------------------------------------
(***************************************************************************)
(* The synchronisation heuristic                                           *)
(***************************************************************************)

\* May the masterclock be on, as far as it does not depend on TSC writes?
MasterClockAllowed == tscClocksource /\ ~backwardsTscObserved /\ ~bootVcpuRunsOldKvmclock

\* kvm_track_tsc_matching(): does this write request a masterclock update of its vCPU?  It ignores
\* what else the masterclock depends on.
TrackTsc(newGeneration, nrMatched, offsets, ratios) ==
  LET want == tscClocksource /\ AllMatched(nrMatched, offsets, ratios)
  IN IF kernel.tracksOnlyState THEN useMasterClock # want
     ELSE IF kernel.trackOnlyOnChange
     THEN (useMasterClock /\ newGeneration) \/ useMasterClock # want
     ELSE useMasterClock \/ want

\* __kvm_synchronize_tsc(): give vcpu its offset and do the bookkeeping.  matched: the
\* write belongs to the current generation; otherwise it opens a new one.  rate is the
\* rate that the vCPU has now: [khz, ratio].
SynchronizeCore(vcpu, rate, offset, value, matched, byUser) ==
  LET generation == IF matched THEN curTscGeneration ELSE curTscGeneration + 1
      joins      == matched /\ (\/ kernel.countsEveryMatch
                                \/ IF vcpu \in online THEN thisTscGeneration[vcpu] # generation
                                                      ELSE generation # 0)
      nrMatched  == IF ~matched THEN 0
                    ELSE IF joins THEN nrVcpusMatched + 1 ELSE nrVcpusMatched
      offsets    == With(tscOffset, vcpu, offset)
      ratios     == With(tscScalingRatio, vcpu, rate.ratio)
      asks       == TrackTsc(~matched, nrMatched, offsets, ratios)
      \* Which generation KVM records for the vCPU: the current one, or the one before.
      early      == matched \/ kernel.recordsGenerationEarly
  IN /\ tscOffset' = offsets
     /\ lastTscNsec' = hostNs
     \* (For a write that opens a generation the two are the same.)
     /\ lastTscWrite' = IF kernel.keepsLineOnMatch THEN Add(Scaled(rate.ratio), offset) ELSE value
     /\ lastTscKhz' = rate.khz
     /\ lastTscOffset' = offset
     /\ curTscGeneration' = generation
     /\ curTscNsec' = IF matched THEN curTscNsec ELSE hostNs
     /\ curTscWrite' = IF matched THEN curTscWrite ELSE value
     /\ curTscOffset' = IF matched THEN curTscOffset ELSE offset
     /\ nrVcpusMatched' = nrMatched
     /\ thisTscGeneration' = With(thisTscGeneration, vcpu, IF early THEN curTscGeneration ELSE generation)
     /\ thisTscNsec' = With(thisTscNsec, vcpu, IF early THEN curTscNsec ELSE hostNs)
     /\ thisTscWrite' = With(thisTscWrite, vcpu, IF early THEN curTscWrite ELSE value)
     /\ lastGuestTsc' = With(lastGuestTsc, vcpu, value)
     /\ userSetTsc' = (userSetTsc \/ (kernel.userSetTscGate /\ byUser))
     /\ virtualTscKhz' = With(virtualTscKhz, vcpu, rate.khz)
     /\ tscScalingRatio' = ratios
     /\ masterclockUpdate' = IF asks /\ ~(kernel.masterClockAtCreation /\ vcpu \notin online)
                             THEN masterclockUpdate \cup {vcpu} ELSE masterclockUpdate

\* A value is expected if it is less than a second away from the value that the last
\* write would have reached by now.  Strict on both sides; the sums wrap.
InWindow(khz, expected, value) ==
  LET second == SecondInCycles(khz)
  IN /\ Less(value, Add(expected, second))
     /\ Less(expected, Add(value, second))

WithinOneSecond(khz, value) ==
  InWindow(khz, Add(lastTscWrite, NsToCycles(khz, Sub(hostNs, lastTscNsec))), value)

\* Does KVM treat the write as one of a series that gives all vCPUs the same time?  It
\* always does so for a creation, which counts as a write of 0, and in most kernels also
\* for any other write of 0.
Synchronizing(khz, value, byUser) ==
  \/ value = Zero /\ ~(byUser /\ kernel.zeroIsAValue)
  \/ /\ kernel.userSetTscGate => userSetTsc
     /\ WithinOneSecond(khz, value)

\* kvm_synchronize_tsc().  On an unstable TSC a line is not an offset: a write that joins gets its
\* own value plus the time since the last write.
Synchronize(vcpu, rate, value, byUser) ==
  LET matched == Synchronizing(rate.khz, value, byUser) /\ rate.khz = lastTscKhz
      since   == IF matched /\ tscUnstable
                 THEN Add(value, NsToCycles(rate.khz, Sub(hostNs, lastTscNsec)))
                 ELSE value
      offset  == IF matched /\ ~tscUnstable THEN curTscOffset ELSE Sub(since, Scaled(rate.ratio))
  IN SynchronizeCore(vcpu, rate, offset, since, matched, byUser)

\* The rate that the vCPU has.
RateOf(vcpu) == [khz |-> virtualTscKhz[vcpu], ratio |-> tscScalingRatio[vcpu]]

\* KVM_SET_TSC_KHZ, on a vCPU and on the VM, first checks whether a host that scales can scale so
\* far (max_guest_tsc_khz).
TooFast(khz) == tscFracBits # 0 /\ khz >= MaxGuestTscKhz(tscFracBits, tscKhz)

\* set_tsc_khz(): the result of a request for khz; 0 is the host's rate.  ratio is Zero if the host
\* cannot provide it: it does not scale and khz is below its own rate, or no ratio expresses it.
\* For a faster guest on a host without scaling, KVM raises its offset now and then: it catches up.
Wanted(khz) == IF khz = 0 THEN tscKhz ELSE khz
CatchesUp(khz) == tscFracBits = 0 /\ Wanted(khz) > tscKhz /\ ~NearEnough(Wanted(khz), tscKhz)
RateFor(khz) ==
  [khz   |-> Wanted(khz),
   ratio |-> IF NearEnough(Wanted(khz), tscKhz) \/ CatchesUp(khz) THEN DefaultRatio(tscFracBits)
             ELSE IF tscFracBits = 0 THEN Zero
             ELSE Ratio(tscFracBits, Wanted(khz), tscKhz)]

-----------------------------------------------------------------------------
(***************************************************************************)
(* The masterclock and kvmclock                                            *)
(***************************************************************************)

\* pvclock_update_vm_gtod_copy(): does KVM use the masterclock?
MasterClock == MasterClockAllowed /\ AllMatched(nrVcpusMatched, tscOffset, tscScalingRatio)

\* ... and the instant from which it counts from now on.  KVM can read the host's clocks as one
\* pair while the clocksource is the TSC; it records the pair whether the masterclock is on or not.
Snapshot ==
  /\ masterKernelNs' = IF tscClocksource THEN hostNs ELSE masterKernelNs
  /\ masterCycleNow' = IF tscClocksource THEN hostTsc ELSE masterCycleNow

\* kvm_update_masterclock(), during which no vCPU is in the guest: KVM has kicked out those that
\* were, and none enters before the update is done and KVM has written its page again.
UpdateMasterClock(by) ==
  /\ useMasterClock' = MasterClock /\ lossPending' = FALSE
  /\ Snapshot
  /\ updatedGeneration' = curTscGeneration
  /\ kicked' = inGuest \ by

\* The rate in a vCPU's page: cycles of its TSC per second.
PageRate(ratio) ==
  IF kernel.ratesInHz THEN Scale(tscFracBits, SecondInCycles(tscKhz), ratio)
  ELSE SecondInCycles(ScaledKhz(tscFracBits, tscKhz, ratio))

\* Does the host compute kvmclock from its TSC?  Between the loss of the clocksource and the
\* masterclock update that follows, kernels differ in this.
ByMaster == useMasterClock /\ (tscClocksource \/ ~kernel.clockFallsBack)

\* get_kvmclock_ns(): kvmclock as the host sees it.  With the masterclock KVM computes it from the
\* host's TSC at the host's rate, although the guest uses its own TSC and rate.
KvmclockNs ==
  LET cycles == Sub(IF kernel.readsUnsetTsc /\ ~tscClocksource THEN Zero ELSE hostTsc, masterCycleNow)
      ratio  == IF online = {} THEN DefaultRatio(tscFracBits)
                ELSE tscScalingRatio[CHOOSE v \in online : \A w \in online : v <= w]
      rate   == IF kernel.clockInGuestRate THEN PageRate(ratio) ELSE SecondInCycles(tscKhz)
      since  == IF kernel.clockInGuestRate
                THEN Sub(Scale(tscFracBits, hostTsc, ratio), Scale(tscFracBits, masterCycleNow, ratio))
                ELSE cycles
  IN IF ByMaster
     THEN Add(Add(masterKernelNs, kvmclockOffset), PvclockNs(PvclockMul(rate), PvclockShift(rate), since))
     ELSE Add(hostNs, kvmclockOffset)

\* compute_guest_tsc(): where the vCPU's TSC should be when the base clock shows kernelNs.  If that
\* is before the vCPU's generation began, the difference is negative and, in most kernels, wraps.
ComputeGuestTsc(vcpu, kernelNs) ==
  IF kernel.signedCatchUp /\ Before(kernelNs, thisTscNsec[vcpu])
  THEN Sub(thisTscWrite[vcpu], NsToCycles(virtualTscKhz[vcpu], Sub(thisTscNsec[vcpu], kernelNs)))
  ELSE Add(thisTscWrite[vcpu], NsToCycles(virtualTscKhz[vcpu], Sub(kernelNs, thisTscNsec[vcpu])))

\* Without the masterclock an update reads first the TSC and then the base clock: time may pass in
\* between.  (Also if the same entry has updated the masterclock, and it is off.)
TakeHostTsc(vcpu) ==
  /\ vcpu \in online /\ vcpu \notin inGuest \ kicked
  /\ vcpu \in clockUpdate \cup masterclockUpdate
  /\ tscTaken' = With(tscTaken, vcpu, hostTsc)
  /\ reply' = [op |-> "TakeHostTsc", vcpu |-> vcpu]
  /\ UNCHANGED <<hostVars, syncVars, rateVars, tscAdjust, timerVars, masterVars, kvmclockOffset,
                 oddVars, pvclock, requestVars, clockTaken, setClockBegun, entering, inGuest, seenVars>>

\* kvm_guest_time_update() of vcpu by this masterclock, if requested: catch up, then write the
\* page.
GuestTimeUpdate(vcpu, asked, byMaster, masterNs, masterTsc) ==
  LET kernelNs == IF byMaster THEN masterNs ELSE hostNs
      cycles   == IF byMaster THEN masterTsc
                  ELSE IF vcpu \in DOMAIN tscTaken THEN tscTaken[vcpu] ELSE hostTsc
      ratio    == tscScalingRatio[vcpu]
      stamp    == Add(Scale(tscFracBits, cycles, ratio), tscOffset[vcpu])
      due      == ComputeGuestTsc(vcpu, kernelNs)
      behind   == asked /\ vcpu \in tscCatchup /\ Less(stamp, due)
      page     == pvclock[vcpu]
  IN /\ tscOffset' = IF behind THEN With(tscOffset, vcpu, Add(tscOffset[vcpu], Sub(due, stamp)))
                     ELSE tscOffset
     /\ lastGuestTsc' = IF asked THEN With(lastGuestTsc, vcpu, IF behind THEN due ELSE stamp)
                        ELSE lastGuestTsc
     /\ pvclock' =
          IF ~(asked /\ page.active) THEN pvclock
          ELSE With(pvclock, vcpu,
                    [active       |-> TRUE,
                     version      |-> page.version + 2,
                     tscTimestamp |-> IF behind THEN due ELSE stamp,
                     systemTime   |-> Add(kernelNs, kvmclockOffset),
                     mul          |-> PvclockMul(PageRate(ratio)),
                     shift        |-> PvclockShift(PageRate(ratio)),
                     stable       |-> byMaster,
                     stopped      |-> page.stopped \/ vcpu \in stoppedRequest])
     /\ stoppedRequest' = IF asked /\ page.active THEN stoppedRequest \ {vcpu} ELSE stoppedRequest
     /\ tscTaken' = [v \in DOMAIN tscTaken \ {vcpu} |-> tscTaken[v]]

\* Does an entry of vcpu begin with a masterclock update?  One that is requested after its own update
\* must wait until its page is written.
Updates(vcpu) == vcpu \in masterclockUpdate \ entering

\* The masterclock update of vcpu_enter_guest() as a step of its own: before vcpu writes its page,
\* other threads may take steps, and update the masterclock too.  (WorkOffRequests takes the update
\* together with what follows, as if nothing came in between.)
PerformMasterclockUpdate(vcpu) ==
  /\ Updates(vcpu)
  /\ UpdateMasterClock({})
  /\ masterclockUpdate' = IF kernel.oneUpdate THEN {} ELSE masterclockUpdate \ {vcpu}
  /\ clockUpdate' = online
  /\ entering' = entering \cup {vcpu}
  /\ reply' = [op |-> "PerformMasterclockUpdate", vcpu |-> vcpu, updated |-> TRUE,
               needed |-> updatedGeneration # curTscGeneration \/ MasterClock # useMasterClock]
  /\ UNCHANGED <<hostVars, syncVars, rateVars, tscAdjust, timerVars, kvmclockOffset, oddVars, pvclock,
                 stoppedRequest, clockTaken, setClockBegun, tscTaken, inGuest, seenVars>>

\* vcpu_enter_guest() up to the guest: first a masterclock update if one is pending, then the
\* vCPU's own clock update.
WorkOffRequests(vcpu) ==
  LET updates == Updates(vcpu)
      asked   == vcpu \in clockUpdate \/ updates
  IN /\ \/ /\ updates
           /\ UpdateMasterClock({vcpu})
           /\ masterclockUpdate' = IF kernel.oneUpdate THEN {} ELSE masterclockUpdate \ {vcpu}
           /\ clockUpdate' = online \ {vcpu}
           /\ GuestTimeUpdate(vcpu, TRUE, MasterClock, masterKernelNs', masterCycleNow')
        \/ /\ ~updates
           /\ masterclockUpdate' = masterclockUpdate
           /\ clockUpdate' = clockUpdate \ {vcpu}
           \* (With another update pending it does not get into the guest.)
           /\ kicked' = (kicked \ {vcpu}) \cup ({vcpu} \cap masterclockUpdate \cap inGuest')
           /\ GuestTimeUpdate(vcpu, asked, useMasterClock, masterKernelNs, masterCycleNow)
           /\ UNCHANGED masterVars
     /\ entering' = entering \ {vcpu}
     /\ UNCHANGED <<hostVars, lastVars, curVars, nrVcpusMatched, userSetTsc, thisVars, rateVars,
                    tscAdjust, timerVars, kvmclockOffset, oddVars, clockTaken, setClockBegun,
                    guestSeen, clockSeen, guestLastClock, userDeadline>>

-----------------------------------------------------------------------------
(***************************************************************************)
(* Operations of userspace                                                 *)
(***************************************************************************)

\* KVM_CREATE_VCPU (VM ioctl), up to and with kvm_arch_vcpu_postcreate().  (Not modelled: a vCPU on
\* a host that cannot provide the VM's rate.  KVM creates it anyway, without a ratio.)
CreateVcpu(vcpu) ==
  /\ vcpu \notin online
  /\ RateFor(defaultTscKhz).ratio # Zero
  /\ Synchronize(vcpu, RateFor(defaultTscKhz), Zero, FALSE)
  /\ tscCatchup' = IF CatchesUp(defaultTscKhz) THEN tscCatchup \cup {vcpu} ELSE tscCatchup
  /\ tscAlwaysCatchup' = IF CatchesUp(defaultTscKhz) THEN tscAlwaysCatchup \cup {vcpu}
                         ELSE tscAlwaysCatchup
  /\ defaultTscKhz' = defaultTscKhz
  /\ tscAdjust' = With(tscAdjust, vcpu, Zero)
  /\ pvclock' = With(pvclock, vcpu, NoPage)
  /\ tscDeadline' = With(tscDeadline, vcpu, {})
  /\ LET on == MasterClockAllowed /\ AllMatched(nrVcpusMatched', tscOffset', tscScalingRatio')
     IN IF kernel.masterClockAtCreation /\ on # useMasterClock
        THEN /\ useMasterClock' = on /\ lossPending' = FALSE
             /\ Snapshot
             /\ updatedGeneration' = curTscGeneration'
             /\ kicked' = inGuest
             /\ clockUpdate' = online \cup {vcpu}
        \* Its first load on a pCPU requests a clock update.
        ELSE /\ clockUpdate' = clockUpdate \cup {vcpu}
             /\ kicked' = kicked
             /\ UNCHANGED masterVars
  /\ reply' = [op |-> "CreateVcpu", vcpu |-> vcpu]
  /\ UNCHANGED <<hostVars, tscDeadlineMode, kvmclockOffset, oddVars, stoppedRequest, callVars, inGuest,
                 seenVars>>

\* A vCPU ioctl needs the vCPU and its mutex.
VcpuIdle(vcpu) == vcpu \in online /\ vcpu \notin inGuest \cup entering

\* KVM_SET_MSRS of MSR_IA32_TSC: the TSC by value.
WriteTsc(vcpu, value) ==
  /\ VcpuIdle(vcpu)
  /\ Synchronize(vcpu, RateOf(vcpu), value, TRUE)
  /\ reply' = [op |-> "WriteTsc", vcpu |-> vcpu, value |-> value]
  /\ guestSeen' = {}
  /\ userOffset' = IF curTscGeneration' # curTscGeneration THEN {[offset |-> curTscOffset', ran |-> {}]}
                   ELSE userOffset
  /\ clockUpdate' = IF kernel.tscWriteAsks THEN clockUpdate \cup {vcpu} ELSE clockUpdate
  /\ UNCHANGED <<hostVars, defaultTscKhz, tscCatchup, tscAlwaysCatchup, tscAdjust, timerVars,
                 masterVars, kvmclockOffset, oddVars, pvclock, stoppedRequest, kicked, callVars,
                 inGuest, clockSeen, guestLastClock, userDeadline>>

\* KVM_SET_DEVICE_ATTR, KVM_VCPU_TSC_CTRL / KVM_VCPU_TSC_OFFSET: the offset itself.  KVM compares
\* it with the last write to any vCPU, not with the vCPU's own offset.
SetTscOffset(vcpu, offset) ==
  /\ kernel.tscOffsetAttr
  /\ VcpuIdle(vcpu)
  /\ LET rate    == RateOf(vcpu)
         matched == rate.khz = lastTscKhz /\ offset = lastTscOffset
     IN SynchronizeCore(vcpu, rate, offset, Add(Scaled(rate.ratio), offset), matched, TRUE)
  /\ reply' = [op |-> "SetTscOffset", vcpu |-> vcpu, offset |-> offset]
  /\ guestSeen' = {}
  /\ userOffset' = {[offset |-> offset, ran |-> {}]}
  /\ clockUpdate' = IF kernel.tscWriteAsks THEN clockUpdate \cup {vcpu} ELSE clockUpdate
  /\ UNCHANGED <<hostVars, defaultTscKhz, tscCatchup, tscAlwaysCatchup, tscAdjust, timerVars,
                 masterVars, kvmclockOffset, oddVars, pvclock, stoppedRequest, kicked, callVars,
                 inGuest, clockSeen, guestLastClock, userDeadline>>

\* Only what was seen changes.
OnlyReads == UNCHANGED <<hostVars, kvmVars, userOffset, userDeadline, guestLastClock>>

\* KVM_GET_DEVICE_ATTR of the same attribute.  ENXIO: KVM has copied the offset out, but returns
\* the error.
GetTscOffset(vcpu) ==
  /\ kernel.tscOffsetAttr
  /\ VcpuIdle(vcpu)
  /\ reply' = [op |-> "GetTscOffset", vcpu |-> vcpu, offset |-> tscOffset[vcpu],
               errno |-> IF kernel.getTscOffsetFails THEN 6 ELSE 0]
  /\ UNCHANGED <<guestSeen, clockSeen>>
  /\ OnlyReads

\* KVM_GET_MSRS of MSR_IA32_TSC.
ReadTsc(vcpu) ==
  /\ VcpuIdle(vcpu)
  /\ reply' = [op |-> "ReadTsc", vcpu |-> vcpu, value |-> GuestTsc(vcpu)]
  /\ UNCHANGED <<guestSeen, clockSeen>>
  /\ OnlyReads

\* KVM_SET_TSC_KHZ on a vCPU.
SetTscKhz(vcpu, khz) ==
  LET rate    == RateFor(khz)
      refused == TooFast(khz) \/ rate.ratio = Zero
  IN /\ VcpuIdle(vcpu)
     /\ \/ /\ refused
           /\ virtualTscKhz' = IF TooFast(khz) \/ kernel.refusalKeepsKhz THEN virtualTscKhz
                               ELSE With(virtualTscKhz, vcpu, rate.khz)
           /\ UNCHANGED <<syncVars, tscScalingRatio, tscCatchup, tscAlwaysCatchup, masterclockUpdate>>
        \/ /\ ~refused
           /\ tscCatchup' = IF CatchesUp(khz) THEN tscCatchup \cup {vcpu} ELSE tscCatchup
           /\ tscAlwaysCatchup' = IF CatchesUp(khz) THEN tscAlwaysCatchup \cup {vcpu}
                                  ELSE tscAlwaysCatchup
           /\ \/ /\ ~kernel.synchronizesOnKhz
                 /\ virtualTscKhz' = With(virtualTscKhz, vcpu, rate.khz)
                 /\ tscScalingRatio' = With(tscScalingRatio, vcpu, rate.ratio)
                 /\ UNCHANGED <<syncVars, masterclockUpdate>>
              \/ /\ kernel.synchronizesOnKhz
                 /\ LET value == GuestTsc(vcpu)
                    IN SynchronizeCore(vcpu, rate, Sub(value, Scaled(rate.ratio)), value, FALSE, TRUE)
     /\ reply' = [op |-> "SetTscKhz", vcpu |-> vcpu, khz |-> khz, errno |-> IF refused THEN 22 ELSE 0]
     /\ UNCHANGED <<hostVars, defaultTscKhz, tscAdjust, timerVars, masterVars, kvmclockOffset, oddVars,
                    pvclock, clockUpdate, stoppedRequest, kicked, callVars, inGuest, seenVars>>

\* KVM_GET_TSC_KHZ on a vCPU.
GetTscKhz(vcpu) ==
  /\ VcpuIdle(vcpu)
  /\ reply' = [op |-> "GetTscKhz", vcpu |-> vcpu, khz |-> virtualTscKhz[vcpu]]
  /\ UNCHANGED <<guestSeen, clockSeen>>
  /\ OnlyReads

\* KVM_GET_TSC_KHZ on the VM: the rate of the vCPUs to come.
GetVmTscKhz ==
  /\ reply' = [op |-> "GetVmTscKhz", khz |-> defaultTscKhz]
  /\ UNCHANGED <<guestSeen, clockSeen>>
  /\ OnlyReads

\* KVM_SET_TSC_KHZ on the VM.  A host that cannot scale accepts any rate; the effect shows only
\* when later vCPUs are created.
SetVmTscKhz(khz) ==
  LET refused == TooFast(khz) \/ (kernel.vmTscKhzFirst /\ online # {})
  IN /\ defaultTscKhz' = IF refused THEN defaultTscKhz ELSE Wanted(khz)
     /\ reply' = [op |-> "SetVmTscKhz", khz |-> khz, errno |-> IF refused THEN 22 ELSE 0]
     /\ UNCHANGED <<hostVars, syncVars, virtualTscKhz, tscScalingRatio, tscCatchup, tscAlwaysCatchup,
                    tscAdjust, timerVars, masterVars, kvmclockOffset, oddVars, pvclock, requestVars,
                    callVars, inGuest, seenVars>>

\* KVM_SET_MSRS of MSR_IA32_TSC_ADJUST: stores the value; the TSC stays.
WriteTscAdjust(vcpu, value) ==
  /\ VcpuIdle(vcpu)
  /\ tscAdjust' = With(tscAdjust, vcpu, value)
  /\ reply' = [op |-> "WriteTscAdjust", vcpu |-> vcpu, value |-> value]
  /\ UNCHANGED <<hostVars, syncVars, rateVars, timerVars, masterVars, kvmclockOffset, oddVars, pvclock,
                 requestVars, callVars, inGuest, seenVars>>

\* KVM_GET_MSRS of MSR_IA32_TSC_ADJUST.
ReadTscAdjust(vcpu) ==
  /\ VcpuIdle(vcpu)
  /\ reply' = [op |-> "ReadTscAdjust", vcpu |-> vcpu, value |-> tscAdjust[vcpu]]
  /\ UNCHANGED <<guestSeen, clockSeen>>
  /\ OnlyReads

\* The bits of KVM_GET_CLOCK's and KVM_SET_CLOCK's flags: KVM_CLOCK_TSC_STABLE 2,
\* KVM_CLOCK_REALTIME 4, KVM_CLOCK_HOST_TSC 8.
HasRealtime(flags) == (flags \div 4) % 2 = 1

\* Which flags KVM_SET_CLOCK accepts: those of KVM_GET_CLOCK; it uses only one.
FlagsAccepted(flags) ==
  IF ~kernel.clockRealtime THEN flags = 0
  ELSE IF kernel.refusesOwnFlags THEN flags \in {0, 4}
  ELSE flags < 16 /\ flags % 2 = 0

\* KVM_SET_CLOCK first updates the masterclock.  Most kernels continue under the same lock; in the
\* others time may pass in between.
BeginSetClock ==
  /\ kernel.setClockFromNow
  /\ ~setClockBegun
  /\ UpdateMasterClock({})
  /\ clockUpdate' = online
  /\ setClockBegun' = TRUE
  /\ reply' = [op |-> "BeginSetClock"]
  /\ UNCHANGED <<hostVars, syncVars, rateVars, tscAdjust, timerVars, kvmclockOffset, oddVars, pvclock,
                 masterclockUpdate, stoppedRequest, clockTaken, tscTaken, entering, inGuest, seenVars>>

\* KVM_SET_CLOCK: from now on kvmclock shows clock; with KVM_CLOCK_REALTIME, as if it had shown it
\* when CLOCK_REALTIME was realtime.  A realtime in the future counts as now.
SetClock(clock, flags, realtime) ==
  LET refused == ~FlagsAccepted(flags)
      target  == IF HasRealtime(flags) /\ Less(realtime, hostRealtime)
                 THEN Add(clock, Sub(hostRealtime, realtime))
                 ELSE clock
  IN /\ reply' = [op |-> "SetClock", clock |-> clock, flags |-> flags, realtime |-> realtime,
                  errno |-> IF refused THEN 22 ELSE 0]
     /\ \/ /\ refused
           /\ UNCHANGED <<masterVars, kvmclockOffset, kicked, masterclockUpdate, clockUpdate,
                          setClockBegun, clockSeen>>
        \/ /\ ~refused
           /\ ~kernel.setClockFromNow
           /\ UpdateMasterClock({})
           /\ masterclockUpdate' = IF kernel.oneUpdate THEN {} ELSE masterclockUpdate
           /\ kvmclockOffset' = Sub(target, IF MasterClock THEN masterKernelNs' ELSE hostNs)
           /\ clockUpdate' = online
           /\ setClockBegun' = setClockBegun
           /\ clockSeen' = {}
        \/ /\ ~refused
           /\ kernel.setClockFromNow
           /\ setClockBegun
           /\ kvmclockOffset' = Add(kvmclockOffset, Sub(target, KvmclockNs))
           /\ clockUpdate' = online
           /\ kicked' = inGuest
           /\ setClockBegun' = FALSE
           /\ clockSeen' = {}
           /\ UNCHANGED <<masterVars, masterclockUpdate>>
     /\ UNCHANGED <<hostVars, syncVars, rateVars, tscAdjust, timerVars, oddVars, pvclock,
                    stoppedRequest, clockTaken, tscTaken, entering, inGuest, guestSeen,
                    guestLastClock, userOffset, userDeadline>>

\* Some kernels read the flags of KVM_GET_CLOCK only after they have computed the clock and
\* dropped the lock.
BeginGetClock ==
  /\ kernel.readsFlagLater
  /\ clockTaken = {}
  /\ clockTaken' = {[clock |-> KvmclockNs, byMaster |-> useMasterClock]}
  /\ reply' = [op |-> "BeginGetClock"]
  /\ UNCHANGED <<hostVars, syncVars, rateVars, tscAdjust, timerVars, masterVars, kvmclockOffset,
                 oddVars, pvclock, requestVars, setClockBegun, tscTaken, entering, inGuest, seenVars>>

\* KVM_GET_CLOCK.  KVM_CLOCK_TSC_STABLE follows the masterclock; KVM_CLOCK_REALTIME and
\* KVM_CLOCK_HOST_TSC need the pair of the host's clocks as well.
GetClock ==
  LET paired == kernel.clockRealtime /\ ByMaster /\ tscClocksource
      taken  == IF kernel.readsFlagLater THEN CHOOSE t \in clockTaken : TRUE
                ELSE [clock |-> KvmclockNs, byMaster |-> ByMaster]
  IN /\ kernel.readsFlagLater => clockTaken # {}
     /\ reply' = [op       |-> "GetClock",
                  clock    |-> taken.clock,
                  flags    |-> IF ~ByMaster THEN 0 ELSE IF paired THEN 14 ELSE 2,
                  realtime |-> IF paired THEN hostRealtime ELSE Zero,
                  hostTsc  |-> IF kernel.clockRealtime /\ ByMaster THEN hostTsc ELSE Zero,
                  byMaster |-> taken.byMaster]
     /\ clockTaken' = {}
     /\ UNCHANGED <<hostVars, syncVars, rateVars, tscAdjust, timerVars, masterVars, kvmclockOffset,
                    oddVars, pvclock, requestVars, setClockBegun, tscTaken, entering, inGuest, seenVars>>

\* MSR_KVM_SYSTEM_TIME_NEW, written by the host (KVM_SET_MSRS) or by the guest: where its page is,
\* and whether KVM must keep it up to date.  A page is the guest's memory: at the same address its
\* content stays; a page that moves is at first all zeros, its version as well.
SetSystemTime(vcpu, active, moves) ==
  /\ pvclock' = With(pvclock, vcpu,
                     [(IF active /\ moves THEN NoPage ELSE pvclock[vcpu]) EXCEPT !.active = active])
  /\ clockUpdate' = clockUpdate \cup {vcpu}
  /\ UNCHANGED <<hostVars, syncVars, rateVars, tscAdjust, timerVars, masterVars, kvmclockOffset,
                 backwardsTscObserved, stoppedRequest, callVars, inGuest, seenVars>>

WriteSystemTime(vcpu, active, moves) ==
  /\ VcpuIdle(vcpu)
  /\ SetSystemTime(vcpu, active, moves)
  /\ reply' = [op |-> "WriteSystemTime", vcpu |-> vcpu, active |-> active, moves |-> moves]
  /\ UNCHANGED <<masterclockUpdate, kicked, bootVcpuRunsOldKvmclock>>

\* Something other than KVM changes the page's memory: the VMM loads the guest's memory, or a page
\* moves to memory that was not zero.  KVM continues from the version and the flag "stopped" that
\* it finds.
WritePvclockPage(vcpu, version, tscTimestamp, systemTime, mul, shift, flags) ==
  /\ vcpu \in online /\ vcpu \notin inGuest \ kicked
  /\ version % 2 = 0 /\ flags \in 0 .. 3
  /\ IsWord(tscTimestamp) /\ IsWord(systemTime) /\ IsWord(mul)
  /\ pvclock' = With(pvclock, vcpu,
                     [active       |-> pvclock[vcpu].active,
                      version      |-> version,
                      tscTimestamp |-> tscTimestamp,
                      systemTime   |-> systemTime,
                      mul          |-> mul,
                      shift        |-> shift,
                      stable       |-> flags % 2 = 1,
                      stopped      |-> flags >= 2])
  /\ reply' = [op |-> "WritePvclockPage", vcpu |-> vcpu]
  /\ UNCHANGED <<hostVars, syncVars, rateVars, tscAdjust, timerVars, masterVars, kvmclockOffset,
                 oddVars, requestVars, callVars, inGuest, seenVars>>

\* KVM_KVMCLOCK_CTRL: show the guest that it was stopped.
KvmclockCtrl(vcpu) ==
  LET refused == ~pvclock[vcpu].active
  IN /\ VcpuIdle(vcpu)
     /\ stoppedRequest' = IF refused THEN stoppedRequest ELSE stoppedRequest \cup {vcpu}
     /\ clockUpdate' = IF refused THEN clockUpdate ELSE clockUpdate \cup {vcpu}
     /\ reply' = [op |-> "KvmclockCtrl", vcpu |-> vcpu, errno |-> IF refused THEN 22 ELSE 0]
     /\ UNCHANGED <<hostVars, syncVars, rateVars, tscAdjust, timerVars, masterVars, kvmclockOffset,
                    oddVars, pvclock, masterclockUpdate, kicked, callVars, inGuest, seenVars>>

\* The VMM reads the page in the guest's memory.
ReadPvclockPage(vcpu) ==
  LET page == pvclock[vcpu]
  IN /\ vcpu \in online
     /\ reply' = [op |-> "ReadPvclockPage", vcpu |-> vcpu, version |-> page.version,
                  tscTimestamp |-> page.tscTimestamp, systemTime |-> page.systemTime,
                  mul |-> page.mul, shift |-> page.shift,
                  flags |-> PageFlags(page)]
     /\ UNCHANGED <<guestSeen, clockSeen>>
     /\ OnlyReads

\* kvm_arch_vcpu_load() on another pCPU than before, or while the TSC is unstable: then the TSC
\* continues from the value that KVM last saw.
VcpuLoad(vcpu) ==
  /\ VcpuIdle(vcpu)
  /\ tscOffset' = IF tscUnstable
                  THEN With(tscOffset, vcpu, Sub(lastGuestTsc[vcpu], Scaled(tscScalingRatio[vcpu])))
                  ELSE tscOffset
  /\ tscCatchup' = IF tscUnstable THEN tscCatchup \cup {vcpu} ELSE tscCatchup
  /\ clockUpdate' = IF useMasterClock THEN clockUpdate ELSE clockUpdate \cup {vcpu}
  /\ reply' = [op |-> "VcpuLoad", vcpu |-> vcpu]
  /\ UNCHANGED <<hostVars, lastVars, curVars, nrVcpusMatched, userSetTsc, thisVars, lastGuestTsc,
                 defaultTscKhz, virtualTscKhz, tscScalingRatio, tscAlwaysCatchup, tscAdjust, timerVars,
                 masterVars, kvmclockOffset, oddVars, pvclock, masterclockUpdate, stoppedRequest,
                 kicked, callVars, inGuest, seenVars>>

\* KVM_REQ_CLOCK_UPDATE for internal reasons: periodically (until 6.18), 100 ms after a vCPU's page
\* was set up or loaded, or because of an interface that is not modelled.
AskForClockUpdate(vcpu) ==
  /\ vcpu \in online
  /\ clockUpdate' = clockUpdate \cup {vcpu}
  /\ kicked' = kicked \cup ({vcpu} \cap inGuest)
  /\ reply' = [op |-> "AskForClockUpdate", vcpu |-> vcpu]
  /\ UNCHANGED <<hostVars, syncVars, rateVars, tscAdjust, timerVars, masterVars, kvmclockOffset,
                 oddVars, pvclock, masterclockUpdate, stoppedRequest, callVars, inGuest, seenVars>>

\* KVM_REQ_MASTERCLOCK_UPDATE because of an interface that is not modelled: host or guest writes
\* HV_X64_MSR_REFERENCE_TSC with its enabling bit (for its vCPU); until 7.2 KVM_XEN_HVM_SET_ATTR of
\* the shared info page (for each vCPU of the VM).
AskForMasterclockUpdate(vcpu) ==
  /\ vcpu \in online
  /\ masterclockUpdate' = masterclockUpdate \cup {vcpu}
  /\ kicked' = kicked \cup ({vcpu} \cap inGuest)
  /\ reply' = [op |-> "AskForMasterclockUpdate", vcpu |-> vcpu]
  /\ UNCHANGED <<hostVars, syncVars, rateVars, tscAdjust, timerVars, masterVars, kvmclockOffset,
                 oddVars, pvclock, clockUpdate, stoppedRequest, callVars, inGuest, seenVars>>

-----------------------------------------------------------------------------
(***************************************************************************)
(* The local APIC's timer in TSC-deadline mode                             *)
(***************************************************************************)

\* What KVM keeps of a deadline that is armed now; 0 disarms.  It computes from the vCPU's TSC when
\* the timer must fire, and (in general) not again when the TSC moves.
Armed(vcpu, deadline) ==
  IF deadline = Zero THEN {}
  ELSE {[deadline |-> deadline, offset |-> tscOffset[vcpu], ratio |-> tscScalingRatio[vcpu]]}

\* KVM_SET_LAPIC (kvm_apic_set_state()) of registers whose LVT timer has TSC-deadline mode, or not.
\* A change into or out of that mode forgets the deadline (apic_update_lvtt()); without one KVM
\* starts the timer again, from the vCPU's TSC of now.  (The mode is the one that KVM takes: a vCPU
\* whose CPUID lacks the TSC-deadline timer has another, whatever its register has.)
SetLapic(vcpu, deadlineMode) ==
  /\ VcpuIdle(vcpu)
  /\ tscDeadlineMode' = IF deadlineMode THEN tscDeadlineMode \cup {vcpu} ELSE tscDeadlineMode \ {vcpu}
  /\ tscDeadline' = With(tscDeadline, vcpu,
                         IF deadlineMode = (vcpu \in tscDeadlineMode)
                         THEN {[armed EXCEPT !.offset = tscOffset[vcpu], !.ratio = tscScalingRatio[vcpu]] :
                                 armed \in tscDeadline[vcpu]}
                         ELSE {})
  /\ reply' = [op |-> "SetLapic", vcpu |-> vcpu, deadlineMode |-> deadlineMode]
  /\ UNCHANGED <<hostVars, syncVars, rateVars, tscAdjust, masterVars, kvmclockOffset, oddVars, pvclock,
                 requestVars, callVars, inGuest, seenVars>>

\* KVM_SET_MSRS of MSR_IA32_TSC_DEADLINE (kvm_set_lapic_tscdeadline_msr()): outside the mode KVM drops
\* it, and KVM_SET_MSRS reports success.
WriteTscDeadline(vcpu, deadline) ==
  /\ VcpuIdle(vcpu)
  /\ tscDeadline' = IF vcpu \in tscDeadlineMode THEN With(tscDeadline, vcpu, Armed(vcpu, deadline))
                    ELSE tscDeadline
  /\ userDeadline' = IF deadline = Zero THEN userDeadline \ {vcpu} ELSE userDeadline \cup {vcpu}
  /\ reply' = [op |-> "WriteTscDeadline", vcpu |-> vcpu, deadline |-> deadline]
  /\ UNCHANGED <<hostVars, syncVars, rateVars, tscAdjust, tscDeadlineMode, masterVars, kvmclockOffset,
                 oddVars, pvclock, requestVars, callVars, inGuest, guestSeen, clockSeen, guestLastClock,
                 userOffset>>

\* KVM_GET_MSRS of MSR_IA32_TSC_DEADLINE: 0 outside the mode, where nothing is armed.
ReadTscDeadline(vcpu) ==
  /\ VcpuIdle(vcpu)
  /\ reply' = [op |-> "ReadTscDeadline", vcpu |-> vcpu,
               deadline |-> IF tscDeadline[vcpu] = {} THEN Zero
                            ELSE (CHOOSE armed \in tscDeadline[vcpu] : TRUE).deadline]
  /\ UNCHANGED <<guestSeen, clockSeen>>
  /\ OnlyReads

\* The guest sets its timer's mode and deadline: it may write the LVT timer, MSR_IA32_TSC_DEADLINE or
\* both.  (It does so while it executes; where a log does not show when, the step comes later.)
GuestSetsTimer(vcpu, deadlineMode, deadline) ==
  /\ vcpu \in online
  /\ tscDeadlineMode' = IF deadlineMode THEN tscDeadlineMode \cup {vcpu} ELSE tscDeadlineMode \ {vcpu}
  /\ tscDeadline' = With(tscDeadline, vcpu, IF deadlineMode THEN Armed(vcpu, deadline) ELSE {})
  /\ userDeadline' = userDeadline \ {vcpu}
  /\ reply' = [op |-> "GuestSetsTimer", vcpu |-> vcpu, deadlineMode |-> deadlineMode,
               deadline |-> deadline]
  /\ UNCHANGED <<hostVars, syncVars, rateVars, tscAdjust, masterVars, kvmclockOffset, oddVars, pvclock,
                 requestVars, callVars, inGuest, guestSeen, clockSeen, guestLastClock, userOffset>>

\* KVM lets its timer expire up to 5 us early (lapic_timer_advance_ns), and then waits.
TimerAdvance(vcpu) == NsToCycles(virtualTscKhz[vcpu], FromNat(NsPerSecond \div 200000))

\* kvm_apic_inject_pending_timer_irqs(): the TSC, on the line on which the deadline was armed, has
\* reached it.  The guest gets its interrupt.
TimerFires(vcpu) ==
  /\ vcpu \in online
  /\ \E armed \in tscDeadline[vcpu] :
       LET tsc == Add(Scaled(armed.ratio), armed.offset)
       IN ~(Less(tsc, armed.deadline) /\ Less(TimerAdvance(vcpu), Sub(armed.deadline, tsc)))
  /\ tscDeadline' = With(tscDeadline, vcpu, {})
  /\ userDeadline' = userDeadline \ {vcpu}
  /\ reply' = [op |-> "TimerFires", vcpu |-> vcpu]
  /\ UNCHANGED <<hostVars, syncVars, rateVars, tscAdjust, tscDeadlineMode, masterVars, kvmclockOffset,
                 oddVars, pvclock, requestVars, callVars, inGuest, guestSeen, clockSeen, guestLastClock,
                 userOffset>>

-----------------------------------------------------------------------------
(***************************************************************************)
(* The guest                                                               *)
(***************************************************************************)

\* KVM_RUN up to the guest.  KVM handles pending requests on the way: the masterclock changes only
\* here and at KVM_SET_CLOCK.
EnterGuest(vcpu) ==
  /\ vcpu \in online \ inGuest
  /\ inGuest' = inGuest \cup {vcpu}
  /\ WorkOffRequests(vcpu)
  /\ userOffset' = {[user EXCEPT !.ran = @ \cup {vcpu}] : user \in userOffset}
  /\ reply' = [op |-> "EnterGuest", vcpu |-> vcpu, updated |-> Updates(vcpu),
               needed |-> updatedGeneration # curTscGeneration \/ MasterClock # useMasterClock,
               caughtUp |-> tscOffset'[vcpu] # tscOffset[vcpu]]

\* An entry that KVM cancels, because a signal or another thread is waiting (cancel_injection): it
\* has handled what was pending anyway.
CancelEntry(vcpu) ==
  /\ vcpu \in online \ inGuest
  /\ inGuest' = inGuest
  /\ WorkOffRequests(vcpu)
  /\ userOffset' = userOffset
  /\ reply' = [op |-> "CancelEntry", vcpu |-> vcpu, updated |-> Updates(vcpu),
               needed |-> updatedGeneration # curTscGeneration \/ MasterClock # useMasterClock,
               caughtUp |-> tscOffset'[vcpu] # tscOffset[vcpu]]

\* An exit that KVM handled itself: within KVM_RUN, back to the guest.
ReenterGuest(vcpu) ==
  /\ vcpu \in inGuest
  /\ inGuest' = inGuest
  /\ WorkOffRequests(vcpu)
  /\ userOffset' = userOffset
  /\ reply' = [op |-> "ReenterGuest", vcpu |-> vcpu, updated |-> Updates(vcpu),
               needed |-> updatedGeneration # curTscGeneration \/ MasterClock # useMasterClock,
               caughtUp |-> tscOffset'[vcpu] # tscOffset[vcpu]]

\* KVM_RUN returns to userspace.
ExitGuest(vcpu) ==
  /\ vcpu \in inGuest
  /\ vcpu \notin entering
  /\ inGuest' = inGuest \ {vcpu}
  /\ kicked' = kicked \ {vcpu}
  /\ lastGuestTsc' = With(lastGuestTsc, vcpu, GuestTsc(vcpu))
  /\ clockUpdate' = IF vcpu \in tscAlwaysCatchup THEN clockUpdate \cup {vcpu} ELSE clockUpdate
  /\ userDeadline' = userDeadline \ {vcpu}
  /\ reply' = [op |-> "ExitGuest", vcpu |-> vcpu]
  /\ UNCHANGED <<hostVars, lastVars, curVars, nrVcpusMatched, userSetTsc, tscOffset, thisVars,
                 rateVars, tscAdjust, timerVars, masterVars, kvmclockOffset, oddVars, pvclock,
                 masterclockUpdate, stoppedRequest, callVars, guestSeen, clockSeen, guestLastClock,
                 userOffset>>

\* The guest executes rdtsc on vcpu.  It may do so whenever it runs.
GuestReadTsc(vcpu) ==
  /\ vcpu \in inGuest
  /\ vcpu \notin entering
  /\ reply' = [op |-> "GuestReadTsc", vcpu |-> vcpu, value |-> GuestTsc(vcpu)]
  /\ guestSeen' = IF \E seen \in guestSeen : Before(GuestTsc(vcpu), seen)
                  THEN guestSeen
                  ELSE {GuestTsc(vcpu)}
  /\ clockSeen' = clockSeen
  /\ OnlyReads

\* The guest reads kvmclock on vcpu, through the page of vCPU page: its own, or vCPU 0's, which a
\* process of a Linux guest reads on all vCPUs while it is stable.  The guest does not trust a page
\* that is not stable: no vCPU then returns less than any has returned.
GuestReadClock(vcpu, page) ==
  LET reading == PageReading(pvclock[page], GuestTsc(vcpu))
      clamped == {last \in guestLastClock : ~pvclock[page].stable /\ Before(reading, last)}
      value   == IF clamped = {} THEN reading ELSE CHOOSE last \in clamped : TRUE
  IN /\ vcpu \in inGuest \ kicked
     /\ page \in online
     /\ pvclock[page].active /\ pvclock[page].version # 0
     /\ page = vcpu \/ pvclock[page].stable
     /\ reply' = [op |-> "GuestReadClock", vcpu |-> vcpu, page |-> page, clock |-> value]
     /\ guestLastClock' = IF pvclock[page].stable THEN guestLastClock ELSE {value}
     /\ clockSeen' = IF \E seen \in clockSeen : Before(value, seen) THEN clockSeen ELSE {value}
     /\ guestSeen' = guestSeen
     /\ UNCHANGED <<hostVars, kvmVars, userOffset, userDeadline>>

\* The guest has noticed that it was stopped, and clears the flag.
GuestClearsStopped(vcpu) ==
  /\ vcpu \in inGuest \ kicked
  /\ pvclock[vcpu].stopped
  /\ pvclock' = [pvclock EXCEPT ![vcpu].stopped = FALSE]
  /\ reply' = [op |-> "GuestClearsStopped", vcpu |-> vcpu]
  /\ UNCHANGED <<hostVars, syncVars, rateVars, tscAdjust, timerVars, masterVars, kvmclockOffset,
                 oddVars, requestVars, callVars, inGuest, seenVars>>

\* The guest writes MSR_KVM_SYSTEM_TIME_NEW, or the legacy MSR_KVM_SYSTEM_TIME.  vCPU 0's choice
\* decides whether there may be a masterclock.
GuestWriteSystemTime(vcpu, active, legacy, moves) ==
  /\ vcpu \in inGuest
  /\ vcpu \notin entering
  /\ SetSystemTime(vcpu, active, moves)
  /\ bootVcpuRunsOldKvmclock' = IF vcpu = 0 THEN legacy ELSE bootVcpuRunsOldKvmclock
  /\ masterclockUpdate' = IF bootVcpuRunsOldKvmclock' # bootVcpuRunsOldKvmclock
                          THEN masterclockUpdate \cup {vcpu} ELSE masterclockUpdate
  /\ kicked' = kicked \cup {vcpu}
  /\ reply' = [op |-> "GuestWriteSystemTime", vcpu |-> vcpu, active |-> active, legacy |-> legacy,
               moves |-> moves]

\* The guest moves its own TSC on vcpu, by delta.  Since 5.10 (0c899c25d754) this is not
\* synchronised: the offset moves, but KVM's bookkeeping does not record it.
MoveGuestTsc(vcpu, delta, adjust, asks) ==
  /\ vcpu \in inGuest
  /\ vcpu \notin entering
  /\ tscOffset' = With(tscOffset, vcpu, Add(tscOffset[vcpu], delta))
  /\ tscAdjust' = With(tscAdjust, vcpu, adjust)
  /\ clockUpdate' = IF asks THEN clockUpdate \cup {vcpu} ELSE clockUpdate
  /\ kicked' = IF asks THEN kicked \cup {vcpu} ELSE kicked
  /\ guestSeen' = {}
  /\ UNCHANGED <<hostVars, lastVars, curVars, nrVcpusMatched, userSetTsc, thisVars, lastGuestTsc,
                 rateVars, timerVars, masterVars, kvmclockOffset, oddVars, pvclock, masterclockUpdate,
                 stoppedRequest, callVars, inGuest, clockSeen, guestLastClock, userOffset,
                 userDeadline>>

\* The guest writes MSR_IA32_TSC: MSR_IA32_TSC_ADJUST moves with it.
GuestWriteTsc(vcpu, value) ==
  /\ \/ /\ ~kernel.guestWriteSynchronizes
        /\ LET delta == Sub(value, GuestTsc(vcpu))
           IN MoveGuestTsc(vcpu, delta, Add(tscAdjust[vcpu], delta), kernel.guestWriteAsks)
     \/ /\ kernel.guestWriteSynchronizes
        /\ vcpu \in inGuest
        /\ vcpu \notin entering
        /\ Synchronize(vcpu, RateOf(vcpu), value, TRUE)
        /\ tscAdjust' = With(tscAdjust, vcpu, Add(tscAdjust[vcpu], Sub(tscOffset'[vcpu], tscOffset[vcpu])))
        /\ guestSeen' = {}
        /\ UNCHANGED <<hostVars, defaultTscKhz, tscCatchup, tscAlwaysCatchup, timerVars, masterVars,
                       kvmclockOffset, oddVars, pvclock, clockUpdate, stoppedRequest, kicked, callVars,
                       inGuest, clockSeen, guestLastClock, userOffset, userDeadline>>
  /\ reply' = [op |-> "GuestWriteTsc", vcpu |-> vcpu, value |-> value]

\* The guest writes MSR_IA32_TSC_ADJUST: its TSC moves with it.
GuestWriteTscAdjust(vcpu, value) ==
  /\ MoveGuestTsc(vcpu, Sub(value, tscAdjust[vcpu]), value, kernel.adjustAsks)
  /\ reply' = [op |-> "GuestWriteTscAdjust", vcpu |-> vcpu, value |-> value]

\* The guest reads MSR_IA32_TSC_ADJUST.
GuestReadTscAdjust(vcpu) ==
  /\ vcpu \in inGuest
  /\ vcpu \notin entering
  /\ reply' = [op |-> "GuestReadTscAdjust", vcpu |-> vcpu, value |-> tscAdjust[vcpu]]
  /\ UNCHANGED <<guestSeen, clockSeen>>
  /\ OnlyReads

-----------------------------------------------------------------------------
(***************************************************************************)
(* The host, and time                                                      *)
(***************************************************************************)

\* The host's TSC reaches tsc, its base clock ns, and CLOCK_REALTIME is realtime.
TimePasses(tsc, ns, realtime) ==
  /\ IsWord(tsc) /\ IsWord(ns) /\ IsWord(realtime)
  /\ ~Before(tsc, hostTsc) /\ ~Before(ns, hostNs)
  /\ (tscClocksource /\ ~kernel.slewedBaseClock) => KeepsPace(clocksourceKhz, Sub(tsc, paceTsc), Sub(ns, paceNs))
  /\ hostTsc' = tsc /\ hostNs' = ns /\ hostRealtime' = realtime
  /\ reply' = [op |-> "TimePasses"]
  /\ UNCHANGED <<fixedVars, tscClocksource, tscUnstable, paceTsc, paceNs, kvmVars, seenVars>>

\* pvclock_gtod_notify() and pvclock_gtod_update_fn(): when the clocksource is no longer the TSC,
\* KVM requests a masterclock update of all vCPUs of all VMs, also of a VM without the masterclock.
\* It requests none if no VM of the host has begun to use the masterclock since the last such loss
\* (kvm_guest_has_master_clock): a VM that has not updated its masterclock since then still uses it.
\* This module does not know the other VMs.  When the clocksource is the TSC again, KVM requests
\* nothing.
ClocksourceLost ==
  /\ \/ masterclockUpdate' = online
     \/ (~useMasterClock \/ lossPending) /\ masterclockUpdate' = masterclockUpdate
  /\ lossPending' = useMasterClock
  /\ UNCHANGED <<useMasterClock, masterKernelNs, masterCycleNow, updatedGeneration>>

HostClocksource(isTsc) ==
  /\ tscClocksource # isTsc
  /\ isTsc => ~tscUnstable
  /\ tscClocksource' = isTsc
  /\ paceTsc' = hostTsc /\ paceNs' = hostNs
  /\ IF isTsc THEN UNCHANGED <<masterclockUpdate, masterVars>> ELSE ClocksourceLost
  /\ reply' = [op |-> "HostClocksource", isTsc |-> isTsc]
  /\ UNCHANGED <<fixedVars, tscUnstable, timeVars, syncVars, rateVars, tscAdjust, timerVars,
                 kvmclockOffset, oddVars, pvclock, clockUpdate, stoppedRequest, kicked,
                 callVars, inGuest, seenVars>>

\* mark_tsc_unstable(): permanent; from then on the clocksource is another one.
HostTscUnstable ==
  /\ ~tscUnstable
  /\ tscUnstable' = TRUE
  /\ tscClocksource' = FALSE
  /\ IF tscClocksource THEN ClocksourceLost ELSE UNCHANGED <<masterclockUpdate, masterVars>>
  /\ reply' = [op |-> "HostTscUnstable"]
  /\ UNCHANGED <<fixedVars, timeVars, paceTsc, paceNs, syncVars, rateVars, tscAdjust, timerVars,
                 kvmclockOffset, oddVars, pvclock, clockUpdate, stoppedRequest, kicked,
                 callVars, inGuest, seenVars>>

\* kvm_arch_hardware_enable() after a suspend from which the host's TSC comes back missing cycles
\* earlier, and its base clock at ns: KVM raises each vCPU's offset by what is missing.  (The
\* kernel adds it at the vCPU's next load; nothing can see it before.)
HostResumes(missing, ns) ==
  LET Missing(ratio) == Scale(tscFracBits, missing, ratio)
      tsc == Sub(hostTsc, missing)
  IN /\ inGuest \cup entering = {}
     /\ IsWord(missing) /\ Before(tsc, hostTsc)
     /\ IsWord(ns) /\ ~Before(ns, hostNs)
     /\ hostTsc' = tsc /\ hostNs' = ns
     /\ paceTsc' = tsc /\ paceNs' = ns
     /\ backwardsTscObserved' = TRUE
     /\ tscOffset' = [v \in online |-> Add(tscOffset[v], Missing(tscScalingRatio[v]))]
     \* (What an armed deadline means for the guest stays: its line moves with the host's TSC.)
     /\ tscDeadline' = [v \in online |-> {[armed EXCEPT !.offset = Add(@, Missing(armed.ratio))] :
                                          armed \in tscDeadline[v]}]
     /\ lastTscNsec' = Zero /\ lastTscWrite' = Zero
     /\ curTscOffset' = IF kernel.resumeMovesLine
                        THEN Add(curTscOffset, missing) ELSE curTscOffset
     /\ masterclockUpdate' = online
     /\ reply' = [op |-> "HostResumes"]
     /\ UNCHANGED <<fixedVars, tscClocksource, tscUnstable, hostRealtime, lastTscKhz, lastTscOffset,
                    curTscNsec, curTscWrite, curTscGeneration, nrVcpusMatched, userSetTsc, thisVars,
                    lastGuestTsc, rateVars, tscAdjust, tscDeadlineMode, masterVars, kvmclockOffset,
                    bootVcpuRunsOldKvmclock, pvclock, clockUpdate, stoppedRequest, kicked, callVars,
                    inGuest, seenVars>>

\* One step of KVM under any VMM and any guest, besides time.
Step(vcpu, page, word, khz, clock, flags, realtime, flag, legacy, moves, version, shift) ==
  \/ CreateVcpu(vcpu)
  \/ WriteTsc(vcpu, word)
  \/ SetTscOffset(vcpu, word)
  \/ GetTscOffset(vcpu)
  \/ ReadTsc(vcpu)
  \/ SetTscKhz(vcpu, khz)
  \/ SetVmTscKhz(khz)
  \/ GetTscKhz(vcpu)
  \/ GetVmTscKhz
  \/ WriteTscAdjust(vcpu, word)
  \/ ReadTscAdjust(vcpu)
  \/ SetLapic(vcpu, flag)
  \/ WriteTscDeadline(vcpu, word)
  \/ ReadTscDeadline(vcpu)
  \/ BeginSetClock
  \/ SetClock(clock, flags, realtime)
  \/ BeginGetClock
  \/ GetClock
  \/ WriteSystemTime(vcpu, flag, moves)
  \/ KvmclockCtrl(vcpu)
  \/ ReadPvclockPage(vcpu)
  \/ WritePvclockPage(vcpu, version, word, clock, realtime, shift, flags)
  \/ VcpuLoad(vcpu)
  \/ AskForClockUpdate(vcpu)
  \/ AskForMasterclockUpdate(vcpu)
  \/ TakeHostTsc(vcpu)
  \/ PerformMasterclockUpdate(vcpu)
  \/ EnterGuest(vcpu)
  \/ CancelEntry(vcpu)
  \/ ReenterGuest(vcpu)
  \/ ExitGuest(vcpu)
  \/ GuestReadTsc(vcpu)
  \/ GuestReadClock(vcpu, page)
  \/ GuestClearsStopped(vcpu)
  \/ GuestWriteSystemTime(vcpu, flag, legacy, moves)
  \/ GuestWriteTsc(vcpu, word)
  \/ GuestWriteTscAdjust(vcpu, word)
  \/ GuestReadTscAdjust(vcpu)
  \/ GuestSetsTimer(vcpu, flag, word)
  \/ TimerFires(vcpu)
  \/ HostClocksource(flag)
  \/ HostTscUnstable
  \/ HostResumes(word, clock)

-----------------------------------------------------------------------------
(***************************************************************************)
(* What a guest and its user may count on                                  *)
(***************************************************************************)

\* No vCPU reads less than what any vCPU has read before, of the TSC and of kvmclock.  If it
\* fails, time goes backwards between two threads of the guest, or within one that moved to
\* another vCPU.
Monotonic ==
  /\ reply.op = "GuestReadTsc" => \A seen \in guestSeen : ~Before(reply.value, seen)
  /\ reply.op = "GuestReadClock" => \A seen \in clockSeen : ~Before(reply.clock, seen)

\* Whenever the guest runs, all its vCPUs are on one line.  If it fails, the guest finds its TSCs
\* unsynchronised: it drops the clocksource, or keeps it and misorders events.
SameLine == inGuest # {} => OneLine

\* KVM_GET_CLOCK reports TSC_STABLE only while all vCPUs are on one line.  If it fails,
\* a VMM uses (host_tsc, realtime) as a reference point for every vCPU, although it is
\* valid for only some.
StableIsTrue ==
  (reply.op = "GetClock" /\ reply.flags # 0) => OneLine

\* The flags that KVM_GET_CLOCK returns are those of the clock that it returns.  If it fails, a
\* VMM takes a clock that is no function of the TSC for one that is, or drops one that is.
FlagsOfTheClock ==
  reply.op = "GetClock" => (reply.flags # 0) = reply.byMaster

\* A clock that KVM_GET_CLOCK calls stable comes with the host's TSC and real time.  If it fails, a
\* VMM has a clock that is a function of the TSC, and no instant to compute offsets from.
StableHasHostTsc ==
  (reply.op = "GetClock" /\ kernel.clockRealtime /\ reply.flags # 0) => reply.flags = 14

\* KVM_GET_CLOCK returns host_tsc for a VM that userspace has left as it was created.  If it fails,
\* the destination of a migration cannot compute the offsets to set before it has run a vCPU.
HostTscAtBirth ==
  (reply.op = "GetClock" /\ tscClocksource /\ online # {} /\ userOffset = {} /\ OneLine)
     => reply.flags = 14

\* A set accepts what a get returned, and a get that works returns success.  If it fails, a VMM
\* cannot restore what it saved.
RoundTrip ==
  /\ reply.op = "SetClock" /\ reply.flags \in {0, 2, 14} => reply.errno = 0
  /\ reply.op = "GetTscOffset" => reply.errno = 0

\* The TSC and kvmclock stay on one line: while the guest runs, its page shows the base clock plus
\* the VM's offset, and so does KVM_GET_CLOCK.  If it fails, one of the guest's clocks jumps or
\* drifts against the other, and what a VMM computes from one is wrong for the other.
ClocksAgree ==
  LET due == Add(hostNs, kvmclockOffset)
  IN tscClocksource =>
       /\ \A v \in inGuest \ kicked :
            (pvclock[v].active /\ pvclock[v].version # 0)
               => SameNs(PageReading(pvclock[v], GuestTsc(v)), due)
       /\ reply.op = "GetClock" => SameNs(reply.clock, due)

\* KVM_GET_CLOCK shows what a guest would read at that instant.  If it fails, a VMM restores a
\* kvmclock that the guest has never had, and computes offsets from it.
SameClock ==
  (reply.op = "GetClock" /\ reply.flags # 0) =>
     \A v \in inGuest \ kicked :
       (pvclock[v].active /\ pvclock[v].stable) =>
          SameNs(PageReading(pvclock[v], GuestTsc(v)), reply.clock)

\* The masterclock counts from a new instant only for a reason: another generation of the TSC, or
\* KVM switches it on or off.  If it fails, kvmclock jumps from the guest's TSC back to the host's
\* clock for nothing, by how far the two have drifted apart.
NoNeedlessUpdate ==
  (reply.op \in {"PerformMasterclockUpdate", "EnterGuest", "CancelEntry", "ReenterGuest"} /\ reply.updated) =>
     reply.needed

\* The loss of the host's clocksource concerns only VMs that have the masterclock.  If it fails,
\* each vCPU of the others performs a useless update.
LossIsOfMasterClocks ==
  [][reply'.op \in {"HostClocksource", "HostTscUnstable"} /\ ~useMasterClock
       => masterclockUpdate' = masterclockUpdate]_vars

\* A page that shows "stopped" does so until the guest clears the flag.  If it fails, the guest's
\* watchdogs take the time of the hold for a hang of the guest.
StoppedStays ==
  [][\A v \in online : pvclock[v].stopped /\ reply'.op # "GuestClearsStopped" => pvclock'[v].stopped]_vars

\* KVM takes no small negative difference for a huge time: kvmclock has not begun before 0, and
\* catching up raises no TSC beyond where it should be.  If it fails, the guest's clock jumps by
\* centuries.
NoUnderflow ==
  /\ \A v \in online : ~Before(pvclock[v].systemTime, Zero)
  /\ (reply.op \in {"EnterGuest", "CancelEntry", "ReenterGuest"} /\ reply.caughtUp) =>
       LET due == Add(thisTscWrite[reply.vcpu],
                      NsToCycles(virtualTscKhz[reply.vcpu], Sub(hostNs, thisTscNsec[reply.vcpu])))
       IN ~Before(due, GuestTsc(reply.vcpu))

\* A write that returned success took effect: the vCPU reads the value (has the offset)
\* that was written.  A value write may instead join the line of userspace's own earlier
\* writes, unless the vCPU has run on that line: this is the purpose of the heuristic.  If it
\* fails, a restored guest runs at a time that no one gave it.
WriteTakesEffect ==
  /\ reply.op = "WriteTsc" =>
       \/ GuestTsc(reply.vcpu) = reply.value
       \/ \E user \in userOffset : /\ tscOffset[reply.vcpu] = user.offset
                                  /\ reply.vcpu \notin user.ran
  /\ reply.op = "SetTscOffset" => tscOffset[reply.vcpu] = reply.offset
  /\ reply.op = "GuestWriteTsc" => GuestTsc(reply.vcpu) = reply.value
  /\ reply.op = "SetClock" /\ reply.errno = 0 /\ ~HasRealtime(reply.flags) =>
       SameNs(Add(hostNs, kvmclockOffset), reply.clock)

\* A timer fires when the guest's TSC gets there: whenever a vCPU runs, its deadline is armed on the
\* line that its TSC has; and a deadline that userspace has written is armed, or has been reached.
\* If it fails, the guest's timer comes too early or too late by how far the TSC has moved, or never:
\* the guest's tasks sleep for ever, although KVM_SET_MSRS reported success.
TimerOnTime ==
  \A v \in inGuest :
    /\ \A armed \in tscDeadline[v] : [offset |-> armed.offset, ratio |-> armed.ratio] = TscLine(v)
    /\ v \in userDeadline => tscDeadline[v] # {}

\* An operation that reports an error has changed nothing.  If it fails, a VMM that tries something
\* else after the error starts from a state that it does not know.
ErrorChangesNothing ==
  [][reply'.op \in {"SetTscKhz", "SetVmTscKhz", "SetClock", "KvmclockCtrl"} /\ reply'.errno # 0
       => UNCHANGED kvmVars]_vars

\* The VM's rate is one that its host can give a vCPU.  If it fails, KVM_SET_TSC_KHZ returns
\* success, but the vCPUs that the VMM then creates do not have the rate.
RateCanBeHad == RateFor(defaultTscKhz).ratio # Zero

\* Setting a vCPU's rate changes how fast its TSC advances, not its value.  If it fails, the
\* guest's time jumps, by hours on a host that has been up for days.
Continuous ==
  [][reply'.op = "SetTscKhz" => \A v \in online : GuestTsc(v)' = GuestTsc(v)]_vars

\* Setting the offset that a vCPU has changes nothing that can be observed: neither its TSC nor
\* whether the masterclock may be on.  If it fails, a guest loses the masterclock when its VMM
\* restores twice, or writes back what it read.
Idempotent ==
  [][reply'.op = "SetTscOffset" /\ tscOffset' = tscOffset => (MasterClock => MasterClock')]_vars

\* Whether the masterclock is on depends on the offsets that were set, not on their history.  If it
\* fails, a VMM that has put every vCPU on one line still gets no host_tsc from KVM_GET_CLOCK, and
\* the guest a kvmclock that is not stable.
HistoryFree ==
  (MasterClockAllowed /\ online # {} /\ OneLine /\ masterclockUpdate = {}) => useMasterClock

-----------------------------------------------------------------------------
(***************************************************************************)
(* What the code relies on: true for any VMM that leaves the vCPUs' rates  *)
(* alone, any guest that leaves its TSC alone, and a host whose TSC is     *)
(* stable and never goes back                                              *)
(***************************************************************************)

TypeOK ==
  /\ kernel \in KernelType
  /\ \A w \in {hostTsc, hostNs, hostRealtime, paceTsc, paceNs, lastTscNsec, lastTscWrite,
               lastTscOffset, curTscNsec, curTscWrite, curTscOffset, masterKernelNs,
               masterCycleNow, kvmclockOffset} : IsWord(w)
  /\ lastTscKhz \in Nat /\ defaultTscKhz \in Nat
  /\ curTscGeneration \in Nat /\ nrVcpusMatched \in Nat /\ updatedGeneration \in Nat
  /\ \A b \in {userSetTsc, useMasterClock, lossPending, tscClocksource, tscUnstable, backwardsTscObserved,
               bootVcpuRunsOldKvmclock, setClockBegun} : b \in BOOLEAN
  /\ \A f \in {tscOffset, thisTscNsec, thisTscWrite, tscAdjust, lastGuestTsc} :
       DOMAIN f = online /\ \A v \in online : IsWord(f[v])
  /\ \A f \in {thisTscGeneration, virtualTscKhz, tscScalingRatio} : DOMAIN f = online
  /\ DOMAIN tscDeadline = online
  /\ \A v \in online : \A armed \in tscDeadline[v] :
       /\ IsWord(armed.deadline) /\ armed.deadline # Zero /\ IsWord(armed.offset)
       /\ tscDeadline[v] = {armed} /\ v \in tscDeadlineMode
  /\ DOMAIN pvclock = online
  /\ \A v \in online : /\ IsWord(pvclock[v].tscTimestamp) /\ IsWord(pvclock[v].systemTime)
                       /\ pvclock[v].version % 2 = 0
  /\ \A s \in {masterclockUpdate, clockUpdate, stoppedRequest, inGuest, tscCatchup,
               tscAlwaysCatchup, tscDeadlineMode, userDeadline} : s \subseteq online
  /\ kicked \subseteq inGuest
  /\ \A s \in {guestSeen, clockSeen, guestLastClock} : Cardinality(s) <= 1
  /\ Cardinality(userOffset) <= 1
  /\ \A user \in userOffset : IsWord(user.offset) /\ user.ran \subseteq online
  /\ Cardinality(clockTaken) <= 1 /\ DOMAIN tscTaken \subseteq online
  /\ entering \subseteq online /\ entering \cap inGuest \subseteq kicked

\* KVM's bookkeeping is correct: nrVcpusMatched counts the members of the current generation
\* besides the one that opened it, and each member is on the generation's line.
GenerationIsOneLine ==
  LET members == {v \in online : thisTscGeneration[v] = curTscGeneration}
  IN online # {} => /\ Cardinality(members) = nrVcpusMatched + 1
                    /\ \A v \in members : tscOffset[v] = curTscOffset

\* The masterclock is on only while the bookkeeping allows it, or an update is pending.
MasterClockFollows == useMasterClock => MasterClock \/ masterclockUpdate # {}

\* With no update pending, the masterclock is on only if all vCPUs are on one line.
MasterClockIsOneLine == (useMasterClock /\ masterclockUpdate = {}) => OneLine

\* A vCPU in the guest has a page that KVM wrote after the masterclock last got a new instant.
PageFollows ==
  \A v \in inGuest \ kicked :
    (pvclock[v].active /\ pvclock[v].version # 0 /\ useMasterClock /\ pvclock[v].stable) =>
      pvclock[v].systemTime = Add(masterKernelNs, kvmclockOffset)
=============================================================================
