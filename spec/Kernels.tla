------------------------------- MODULE Kernels -------------------------------
(***************************************************************************)
(* What each kernel does, as named switches: one for each behaviour that   *)
(* changed between versions, in one table with the releases that changed   *)
(* it.  Java has the same table (dev.longitude.kernel.Switch); a test      *)
(* evaluates this one and compares the two.                                *)
(***************************************************************************)
EXTENDS TLC

LOCAL INSTANCE Naturals
LOCAL INSTANCE Sequences

(***************************************************************************)
(* Kernels that are not releases, each with the release that it is based   *)
(* on.  series-v1 and series-v2 are the series as posted in June and July  *)
(* 2021.  corrected has, on the newest kernel, each correction that was    *)
(* proposed or is known to be needed.                                      *)
(***************************************************************************)
Postings == "series-v1" :> <<5, 13, 0>> @@ "series-v2" :> <<5, 14, 0>> @@ "corrected" :> <<99, 0, 0>>

(***************************************************************************)
(* A release is <<major, minor, patch>>.  A change is given as the         *)
(* mainline release that brought it (its patch is 0) and the stable        *)
(* releases that got it.  A release has the change if it is at least that  *)
(* mainline release, or at least the stable release of its own series.     *)
(***************************************************************************)
LOCAL Has(release, changed) ==
  \E c \in changed :
    \/ /\ c[3] = 0
       /\ \/ release[1] > c[1]
          \/ release[1] = c[1] /\ release[2] >= c[2]
    \/ release[1] = c[1] /\ release[2] = c[2] /\ release[3] >= c[3]

(***************************************************************************)
(* The table: the switches of a release and of the posting that is based   *)
(* on it ("" if none).                                                     *)
(*                                                                         *)
(* Since:  a behaviour that came with these releases.                      *)
(* Until:  a behaviour, mostly a defect, that these releases ended.        *)
(* Posted: a behaviour of a posting.                                       *)
(*                                                                         *)
(* "Clock mess" is the series "Cleaning up the KVM clock mess", v6 of July *)
(* 2026.  3.16 stands for the kernels before the four oldest defects were  *)
(* fixed, in these four defects only.                                      *)
(***************************************************************************)
KernelOf(release, posting) ==
  LET Since(changed) == Has(release, changed)
      Until(changed) == ~Has(release, changed)
      Posted(name)   == posting = name
  IN
  [\* x86

   \* A vCPU that writes again within its generation is counted again.  Fixed by 0d3da0d26e3c.
   countsEveryMatch |-> Until({<<3, 17, 0>>}),
   \* A TSC write requests a masterclock update only if the masterclock must be switched on or
   \* off.  Otherwise the masterclock keeps counting from an instant before the write.  Fixed by
   \* 7f187922ddf6.
   tracksOnlyState |-> Until({<<3, 19, 0>>}),
   \* The base clock is CLOCK_BOOTTIME, which NTP corrects; the TSC, by which a guest computes
   \* kvmclock between two updates of its page, is not corrected.  Fixed by 53fafdbb8b21.
   slewedBaseClock |-> Until({<<5, 6, 0>>}),
   \* KVM treats the guest's own write of its TSC as one of userspace's, and may drop it.  Fixed
   \* by 0c899c25d754.
   guestWriteSynchronizes |-> Until({<<5, 10, 0>>}),
   \* KVM_SET_CLOCK computes its correction from kvmclock a little after the masterclock update,
   \* not from what the pages will show.  Fixed by 77fcbe823f00.
   setClockFromNow |-> Until({<<5, 12, 0>>}),
   \* For its flags KVM_GET_CLOCK checks a second time whether the masterclock is on, after it has
   \* computed the clock.  Fixed by 55c0cefbdbda.
   readsFlagLater |-> Until({<<5, 16, 0>>}),
   \* The guest's write of TSC_ADJUST requests a new page.  Without it kvmclock moves with the
   \* TSC.  Commit d9130a2dfdd4.
   adjustAsks |-> Since({<<5, 15, 0>>, <<5, 14, 4>>, <<5, 10, 65>>}),
   \* KVM_GET_CLOCK and KVM_SET_CLOCK know KVM_CLOCK_REALTIME and KVM_CLOCK_HOST_TSC.  Without
   \* it KVM_SET_CLOCK takes no flags.  Commit c68dc1b577ea.
   clockRealtime |-> Since({<<5, 16, 0>>}) \/ Posted("series-v2"),
   \* There is the attribute KVM_VCPU_TSC_OFFSET.  Commit 828ca89628bf.
   tscOffsetAttr |-> Since({<<5, 16, 0>>}) \/ Posted("series-v2"),
   \* A host write by value joins the current generation only if userspace has set the TSC before.
   \* Without it the first write to a guest that is less than a second old counts as a late part
   \* of its creation, and KVM drops the written value.  Commit bf328e22e472.
   userSetTscGate |-> Since({<<6, 7, 0>>}),
   \* After a TSC write KVM re-evaluates the masterclock only if that can change it: a new
   \* generation while it is on, or a state that is not the wanted one.  Without it every write
   \* requests an update while the masterclock is on.  Commit c52ffadc65e2.
   trackOnlyOnChange |-> Since({<<6, 8, 0>>}),
   \* Once a vCPU exists, the rate of later vCPUs can no longer be set.  Without it vCPUs of one
   \* VM may get different rates.  Commit dcbe5a466c12.
   vmTscKhzFirst |-> Since({<<6, 17, 0>>}),
   \* KVM records the vCPU's generation before the write opens a new one, so that its next matched
   \* write counts as joining.  Patch 02/12, v2 and v3.
   recordsGenerationEarly |-> Posted("series-v2"),
   \* Reading the offset attribute returns ENXIO after the offset was copied out.  Patch 03/12,
   \* v2.
   getTscOffsetFails |-> Posted("series-v2"),
   \* If the masterclock is on but the host's clocks can no longer be read together, KVM_GET_CLOCK
   \* computes with a TSC that it has not read; the model takes 0 for it.  v2 to v5.
   readsUnsetTsc |-> Posted("series-v2"),
   \* KVM_SET_CLOCK refuses the flags that KVM_GET_CLOCK returns.  Patch 01/12, v2.
   refusesOwnFlags |-> Posted("series-v2"),
   \* For a write that joins, KVM records the value that the line has at that instant.  Without it
   \* KVM records the dropped value (0 for a creation), and compares the next write with that.
   \* Clock mess, patch 16.
   keepsLineOnMatch |-> Posted("corrected"),
   \* A host write of 0 is a value like any other; only creation is forced to join.  Not posted:
   \* it is what the ioctl promises.
   zeroIsAValue |-> Posted("corrected"),
   \* When the VMM sets a vCPU's rate, the TSC continues from its value, and KVM records a write.
   \* Without it the offset stays, the TSC jumps because the new ratio scales the host's whole
   \* TSC, and KVM's bookkeeping does not record it.  Clock mess, patch 27.
   synchronizesOnKhz |-> Posted("corrected"),
   \* A refused KVM_SET_TSC_KHZ leaves the rate as it was.  Without it KVM_GET_TSC_KHZ returns the
   \* refused rate afterwards.  Not posted: it is what an error promises.
   refusalKeepsKhz |-> Posted("corrected"),
   \* The masterclock depends on whether the offsets are equal, not on who wrote in which
   \* generation.  Clock mess, patches 18 and 19, in their simplest form.
   matchesOffsets |-> Posted("corrected"),
   \* KVM switches the masterclock when a vCPU is created, not when one first runs.  Clock mess,
   \* patch 5.
   masterClockAtCreation |-> Posted("corrected"),
   \* KVM_GET_CLOCK computes from the guest's TSC at the guest's rate, as the guest does.  Without
   \* it, at the host's rate.  Clock mess, patch 10; abdef42276d8, on its way to 7.4.
   clockInGuestRate |-> Posted("corrected"),
   \* KVM_GET_CLOCK falls back to the base clock if the masterclock is on but the host's clocks
   \* can no longer be read together.  Without it KVM_GET_CLOCK continues with a TSC that it reads
   \* alone.  Clock mess, patches 8 and 9; 25f75fb43fd5, on its way to 7.4.
   clockFallsBack |-> Posted("corrected"),
   \* The rate in the page is scaled in Hz.  Without it, in kHz.  Clock mess, patch 2.
   ratesInHz |-> Posted("corrected"),
   \* KVM computes correctly where a TSC should be, also for an instant before its generation
   \* began.  Without it the difference wraps.  Clock mess, patch 12; d9173f59df3a, on its way to
   \* 7.4.
   signedCatchUp |-> Posted("corrected"),
   \* One vCPU performs the masterclock update for all that have the request.  Without it each
   \* repeats it.  Clock mess, patch 24.
   oneUpdate |-> Posted("corrected"),
   \* When the host resumes with an earlier TSC, KVM raises the vCPUs' offsets, and the VM's line
   \* by the same.  Clock mess, patch 17.
   resumeMovesLine |-> Posted("corrected"),
   \* The guest's write of its TSC requests a new page, as its write of TSC_ADJUST does.  Not
   \* posted.
   guestWriteAsks |-> Posted("corrected"),
   \* A host write of the TSC, by value or by offset, requests a new page.  Since 6.8 not every
   \* write requests a masterclock update: without it a vCPU may run with a page whose time stamp
   \* is on the TSC's old line.  Not posted.
   tscWriteAsks |-> Posted("corrected"),
   \* arm64

   \* KVM_SET_SYSTEM_COUNTER_STATE gives one vCPU its offsets, and that vCPU only.
   systemCounterState |-> Posted("series-v1"),
   \* Under VHE the ioctl writes the traps of the physical counter, on the CPU that it runs on,
   \* and KVM never removes them.
   trapsInIoctl |-> Posted("series-v1"),
   \* A vCPU has the attributes OFFSET_VTIMER and OFFSET_PTIMER; setting one sets it for all
   \* vCPUs of the VM.  v2 and v3.
   timerOffsetAttrs |-> Posted("series-v2"),
   \* Reading OFFSET_VTIMER returns the physical offset.  v2 and v3.
   getVtimerFallsThrough |-> Posted("series-v2"),
   \* A counter's offset is the VM's.  Without it each vCPU has its own, and setting one is a
   \* loop over them.  Commit 47053904e182, for the virtual counter; until 6.4 the physical
   \* one's cannot be set, and is 0.
   offsetsOfVm |-> Since({<<6, 3, 0>>}),
   \* There is KVM_ARM_SET_COUNTER_OFFSET; once it has been used, nothing else moves the VM's
   \* counters.  Commit 30ec7997d175.
   setCounterOffset |-> Since({<<6, 4, 0>>}),
   \* KVM_SET_ONE_REG and KVM_GET_ONE_REG know the physical counter.  Commit 680232a94c12.
   ptimerCnt |-> Since({<<6, 4, 0>>}),
   \* The hardware subtracts the physical offset, if it can; KVM sets the ECV bit of CNTHCTL_EL2
   \* for that.  The series of 6.4.
   usesCntpoff |-> Since({<<6, 4, 0>>}),
   \* Under VHE KVM sets the traps up when it loads a vCPU.  Without it, at each entry.  The
   \* series of 6.4.
   trapsAtLoad |-> Since({<<6, 4, 0>>}),
   \* CNTPOFF_EL2 has no effect while the host runs: meanwhile KVM corrects the compare value of
   \* the guest's timer by the offset.  Commit 9404673293b0.
   flipsCval |-> Since({<<6, 6, 0>>}),
   \* That sum is not allowed to wrap.  Commit 49930b1b557c.
   cvalCannotWrap |-> Since({<<7, 4, 0>>, <<7, 3, 4>>, <<6, 12, 118>>}),
   \* A vCPU that is created beside others joins them.  Without it the VM's virtual counter
   \* starts again from 0, and its physical one is the host's.  Not posted.
   creationKeepsLine |-> Posted("corrected"),
   \* A counter cannot be set by value while a vCPU is in KVM_RUN.  Without it a loaded vCPU
   \* goes on with the offset of its last load.  Not posted.
   setNeedsAllVcpus |-> Posted("corrected"),
   \* Setting a counter by value returns an error where it does nothing because
   \* KVM_ARM_SET_COUNTER_OFFSET was used.  Not posted.
   ignoredWriteFails |-> Posted("corrected")]

LOCAL Name(release) ==
  "v" \o ToString(release[1]) \o "." \o ToString(release[2])
      \o (IF release[3] = 0 THEN "" ELSE "." \o ToString(release[3]))

\* The kernel of that name: "v6.12", "v7.3.4", "series-v2", "corrected".  (TLC cannot parse a
\* string: this searches for the release with that name, up to patch 9.)
KernelNamed(name) ==
  IF name \in DOMAIN Postings
  THEN KernelOf(Postings[name], name)
  ELSE KernelOf(CHOOSE r \in (0 .. 9) \X (0 .. 20) \X (0 .. 9) : Name(r) = name, "")

\* The type of a kernel, for type invariants.
KernelType == [DOMAIN KernelOf(<<0, 0, 0>>, "") -> BOOLEAN]
=============================================================================
