------------------------------- MODULE Kernels -------------------------------
(***************************************************************************)
(* What each kernel does, as named switches: one for each behaviour that   *)
(* changed between versions.  A profile is a name for a set of them.  The  *)
(* same table stands in Java (dev.longitude.kernel.KernelProfile); a test  *)
(* reads this one and proves both equal.                                   *)
(***************************************************************************)
EXTENDS TLC

(***************************************************************************)
(* Before 5.16.                                                            *)
(*                                                                         *)
(* countsEveryMatch: a vCPU that writes again within its generation is     *)
(*   counted again.                                                        *)
(*   Until 3.16; mended by 0d3da0d26e3c.                                   *)
(*                                                                         *)
(* tracksOnlyState: a TSC write asks for a masterclock update only where   *)
(*   the masterclock is to be switched, so that it goes on counting from   *)
(*   an instant before the write.                                          *)
(*   Until 3.18; mended by 7f187922ddf6.                                   *)
(*                                                                         *)
(* guestWriteSynchronizes: the guest's own write of its TSC is taken for   *)
(*   one of userspace's, and may be dropped.                               *)
(*   Until 5.9; mended by 0c899c25d754.                                    *)
(*                                                                         *)
(* setClockFromNow: KVM_SET_CLOCK corrects by kvmclock as it is a little   *)
(*   after the masterclock was updated, and not by what the pages are      *)
(*   going to say.                                                         *)
(*   Until 5.11; mended by 77fcbe823f00.                                   *)
(*                                                                         *)
(* readsFlagLater: KVM_GET_CLOCK looks whether the masterclock is on a     *)
(*   second time, after it has computed the clock, for its flags.          *)
(*   Until 5.15; mended by 55c0cefbdbda.                                   *)
(***************************************************************************)

(***************************************************************************)
(* Since 5.15.                                                             *)
(*                                                                         *)
(* adjustAsks: the guest's write of TSC_ADJUST asks for its page to be     *)
(*   written anew.  Without it kvmclock moves along with the TSC.          *)
(*   Since 5.15, commit d9130a2dfdd4.                                      *)
(*                                                                         *)
(* clockRealtime: KVM_GET_CLOCK and KVM_SET_CLOCK know KVM_CLOCK_REALTIME  *)
(*   and KVM_CLOCK_HOST_TSC.  Without it KVM_SET_CLOCK takes no flags.     *)
(*   Since 5.16, commit c68dc1b577ea.                                      *)
(*                                                                         *)
(* tscOffsetAttr: there is the attribute KVM_VCPU_TSC_OFFSET.              *)
(*   Since 5.16, commit 828ca89628bf.                                      *)
(*                                                                         *)
(* userSetTscGate: a host write by value joins the current generation only *)
(*   if userspace has set the TSC before.  Without it the first write to a *)
(*   guest that is less than a second old is taken for a late part of its  *)
(*   creation, and the written value is dropped.                           *)
(*   Since 6.7, commit bf328e22e472.                                       *)
(*                                                                         *)
(* trackOnlyOnChange: after a TSC write the masterclock is re-evaluated    *)
(*   only where that can change it: a new generation while it is on, or a  *)
(*   state that is not the wanted one.  Without it, every write asks for   *)
(*   an update while the masterclock is on.                                *)
(*   Since 6.8, commit c52ffadc65e2.                                       *)
(*                                                                         *)
(* vmTscKhzFirst: the rate that later vCPUs get cannot be set any more     *)
(*   once there is a vCPU.  Without it vCPUs of one VM may get different   *)
(*   rates.                                                                *)
(*   Since 6.17, commit dcbe5a466c12.                                      *)
(***************************************************************************)

(***************************************************************************)
(* The series as posted, v2 of July 2021.                                  *)
(*                                                                         *)
(* recordsGenerationEarly: a vCPU notes its generation before the write    *)
(*   opens a new one, so that its next matched write counts as joining.    *)
(*   Patch 02/12, v2 and v3.                                               *)
(*                                                                         *)
(* getTscOffsetFails: reading the offset attribute returns ENXIO, with the *)
(*   offset already copied out.                                            *)
(*   Patch 03/12, v2.                                                      *)
(*                                                                         *)
(* refusesOwnFlags: KVM_SET_CLOCK refuses the flags that KVM_GET_CLOCK     *)
(*   returns.                                                              *)
(*   Patch 01/12, v2.                                                      *)
(***************************************************************************)

(***************************************************************************)
(* arm64.                                                                  *)
(*                                                                         *)
(* systemCounterState: KVM_SET_SYSTEM_COUNTER_STATE gives one vCPU its     *)
(*   offsets, and that vCPU only.                                          *)
(*   The series, v1.                                                       *)
(*                                                                         *)
(* trapsInIoctl: under VHE the traps of the physical counter are written   *)
(*   in the ioctl, on the CPU that it runs on, and never taken back.       *)
(*   The series, v1.                                                       *)
(*                                                                         *)
(* timerOffsetAttrs: a vCPU has the attributes OFFSET_VTIMER and           *)
(*   OFFSET_PTIMER; setting one sets it for all vCPUs of the VM.           *)
(*   The series, v2 and v3.                                                *)
(*                                                                         *)
(* getVtimerFallsThrough: reading OFFSET_VTIMER returns the physical       *)
(*   offset.                                                               *)
(*   The series, v2 and v3.                                                *)
(*                                                                         *)
(* offsetsOfVm: a counter's offset is the VM's.  Without it each vCPU has  *)
(*   its own, and setting one is a loop over them.                         *)
(*   Since 6.3, commit 47053904e182, for the virtual counter; until 6.4    *)
(*   the physical one's cannot be set, and is 0.                           *)
(*                                                                         *)
(* setCounterOffset: there is KVM_ARM_SET_COUNTER_OFFSET; once it has been *)
(*   used, nothing else moves the VM's counters.                           *)
(*   Since 6.4.                                                            *)
(*                                                                         *)
(* ptimerCnt: KVM_SET_ONE_REG and KVM_GET_ONE_REG know the physical        *)
(*   counter.                                                              *)
(*   Since 6.4, commit 680232a94c12.                                       *)
(*                                                                         *)
(* usesCntpoff: the hardware subtracts the physical offset, where it can;  *)
(*   CNTHCTL_EL2 has its ECV bit set for that.                             *)
(*   Since 6.4.                                                            *)
(*                                                                         *)
(* trapsAtLoad: under VHE the traps are set up when a vCPU is loaded.      *)
(*   Without it, at each entry.                                            *)
(*   Since 6.4.                                                            *)
(*                                                                         *)
(* flipsCval: while the host runs, for which CNTPOFF_EL2 does not count,   *)
(*   the compare value of the guest's timer is corrected by the offset.    *)
(*   Since 6.6, commit 9404673293b0.                                       *)
(*                                                                         *)
(* cvalCannotWrap: that sum is not allowed to wrap.                        *)
(*   Since 7.3.4, commit 49930b1b557c.                                     *)
(***************************************************************************)

(***************************************************************************)
(* Corrections that no release has yet.  "Clock mess" is the series        *)
(* "Cleaning up the KVM clock mess", v6 of July 2026.                      *)
(*                                                                         *)
(* keepsLineOnMatch: a write that joins is remembered with the value that  *)
(*   the line has at that instant.  Without it the dropped value is        *)
(*   remembered (0 for a creation), and the next write is measured by it.  *)
(*   Clock mess, patch 16.                                                 *)
(*                                                                         *)
(* zeroIsAValue: a host write of 0 is a value like others; only creation   *)
(*   is forced to join.  Not posted: what the ioctl says.                  *)
(*                                                                         *)
(* synchronizesOnKhz: a vCPU whose rate is set goes on from the value that *)
(*   its TSC has, and counts as written.  Without it the offset stays, the *)
(*   TSC jumps by what the ratio makes of the host's TSC, and the books do *)
(*   not learn of it.                                                      *)
(*   Clock mess, patch 27.                                                 *)
(*                                                                         *)
(* refusalKeepsKhz: a refused KVM_SET_TSC_KHZ leaves the rate as it was.   *)
(*   Without it KVM_GET_TSC_KHZ returns the refused rate afterwards.       *)
(*   Not posted: what an error says.                                       *)
(*                                                                         *)
(* matchesOffsets: the masterclock looks at whether the offsets are equal, *)
(*   not at who wrote in which generation.                                 *)
(*   Clock mess, patches 18 and 19, in their simplest form.                *)
(*                                                                         *)
(* masterClockAtCreation: the masterclock is switched when a vCPU is       *)
(*   created, not when one runs first.                                     *)
(*   Clock mess, patch 5.                                                  *)
(*                                                                         *)
(* clockInGuestRate: KVM_GET_CLOCK computes from the guest's TSC at the    *)
(*   guest's rate, as the guest does.  Without it, at the host's.          *)
(*   Clock mess, patch 10; abdef42276d8, on its way to 7.4.                *)
(*                                                                         *)
(* ratesInHz: the rate in the page is scaled in Hz.  Without it, in kHz.   *)
(*   Clock mess, patch 2.                                                  *)
(*                                                                         *)
(* signedCatchUp: where a TSC should be is computed right for an instant   *)
(*   before its generation began.  Without it the difference wraps.        *)
(*   Clock mess, patch 12; d9173f59df3a, on its way to 7.4.                *)
(*                                                                         *)
(* oneUpdate: one vCPU works off the masterclock update for all that were  *)
(*   asked.  Without it each does it again.                                *)
(*   Clock mess, patch 24.                                                 *)
(*                                                                         *)
(* resumeMovesLine: what is added to the vCPUs' offsets when the host      *)
(*   comes back with an earlier TSC is added to the VM's line too.         *)
(*   Clock mess, patch 17.                                                 *)
(*                                                                         *)
(* guestWriteAsks: the guest's write of its TSC asks for its page to be    *)
(*   written anew, as that of TSC_ADJUST does.  Not posted.                *)
(*                                                                         *)
(* tscWriteAsks: a host write of the TSC, by value or by offset, asks for  *)
(*   the vCPU's page to be written anew.  Without it, and since 6.8 not    *)
(*   every write asks for a masterclock update, a vCPU may run with a page *)
(*   whose time stamp is on the TSC's old line.  Not posted.               *)
(*                                                                         *)
(* creationKeepsLine: on arm64 a vCPU that is created beside others joins  *)
(*   them.  Without it the VM's virtual counter starts again from 0, and   *)
(*   its physical one is the host's.  Not posted.                          *)
(*                                                                         *)
(* setNeedsAllVcpus: on arm64 a counter cannot be set by value while a     *)
(*   vCPU is in KVM_RUN.  Without it a loaded vCPU goes on with the offset *)
(*   of its last load.  Not posted.                                        *)
(*                                                                         *)
(* ignoredWriteFails: on arm64 setting a counter by value says so where it *)
(*   does nothing, because KVM_ARM_SET_COUNTER_OFFSET was used.  Not       *)
(*   posted.                                                               *)
(***************************************************************************)
LOCAL With(on) ==
  [countsEveryMatch       |-> "countsEveryMatch" \in on,
   tracksOnlyState        |-> "tracksOnlyState" \in on,
   guestWriteSynchronizes |-> "guestWriteSynchronizes" \in on,
   setClockFromNow        |-> "setClockFromNow" \in on,
   readsFlagLater         |-> "readsFlagLater" \in on,
   adjustAsks             |-> "adjustAsks" \in on,
   clockRealtime          |-> "clockRealtime" \in on,
   tscOffsetAttr          |-> "tscOffsetAttr" \in on,
   userSetTscGate         |-> "userSetTscGate" \in on,
   trackOnlyOnChange      |-> "trackOnlyOnChange" \in on,
   vmTscKhzFirst          |-> "vmTscKhzFirst" \in on,
   recordsGenerationEarly |-> "recordsGenerationEarly" \in on,
   getTscOffsetFails      |-> "getTscOffsetFails" \in on,
   refusesOwnFlags        |-> "refusesOwnFlags" \in on,
   keepsLineOnMatch       |-> "keepsLineOnMatch" \in on,
   zeroIsAValue           |-> "zeroIsAValue" \in on,
   synchronizesOnKhz      |-> "synchronizesOnKhz" \in on,
   refusalKeepsKhz        |-> "refusalKeepsKhz" \in on,
   matchesOffsets         |-> "matchesOffsets" \in on,
   masterClockAtCreation  |-> "masterClockAtCreation" \in on,
   clockInGuestRate       |-> "clockInGuestRate" \in on,
   ratesInHz              |-> "ratesInHz" \in on,
   signedCatchUp          |-> "signedCatchUp" \in on,
   oneUpdate              |-> "oneUpdate" \in on,
   resumeMovesLine        |-> "resumeMovesLine" \in on,
   guestWriteAsks         |-> "guestWriteAsks" \in on,
   tscWriteAsks           |-> "tscWriteAsks" \in on,
   systemCounterState     |-> "systemCounterState" \in on,
   trapsInIoctl           |-> "trapsInIoctl" \in on,
   timerOffsetAttrs       |-> "timerOffsetAttrs" \in on,
   getVtimerFallsThrough  |-> "getVtimerFallsThrough" \in on,
   offsetsOfVm            |-> "offsetsOfVm" \in on,
   setCounterOffset       |-> "setCounterOffset" \in on,
   ptimerCnt              |-> "ptimerCnt" \in on,
   usesCntpoff            |-> "usesCntpoff" \in on,
   trapsAtLoad            |-> "trapsAtLoad" \in on,
   flipsCval              |-> "flipsCval" \in on,
   cvalCannotWrap         |-> "cvalCannotWrap" \in on,
   creationKeepsLine      |-> "creationKeepsLine" \in on,
   setNeedsAllVcpus       |-> "setNeedsAllVcpus" \in on,
   ignoredWriteFails      |-> "ignoredWriteFails" \in on]

LOCAL Posted   == {"readsFlagLater", "clockRealtime", "tscOffsetAttr",
                   "recordsGenerationEarly", "getTscOffsetFails", "refusesOwnFlags"}
LOCAL Merged   == {"adjustAsks", "clockRealtime", "tscOffsetAttr"}
LOCAL Gated    == Merged \cup {"userSetTscGate"}
LOCAL Sparing  == Gated \cup {"trackOnlyOnChange"}
LOCAL Latest   == Sparing \cup {"vmTscKhzFirst"}
LOCAL Mended   == {"keepsLineOnMatch", "zeroIsAValue", "synchronizesOnKhz", "refusalKeepsKhz",
                   "matchesOffsets", "masterClockAtCreation", "clockInGuestRate", "ratesInHz",
                   "signedCatchUp", "oneUpdate", "resumeMovesLine", "guestWriteAsks", "tscWriteAsks"}

\* ... and arm64.
LOCAL PerVcpu  == {"systemCounterState", "trapsInIoctl"}
LOCAL Attrs    == {"timerOffsetAttrs", "getVtimerFallsThrough"}
LOCAL Global   == {"offsetsOfVm"}
LOCAL OfVm     == Global \cup {"setCounterOffset", "ptimerCnt", "usesCntpoff", "trapsAtLoad"}
LOCAL Flips    == OfVm \cup {"flipsCval"}
LOCAL NoWrap   == Flips \cup {"cvalCannotWrap"}
LOCAL Mended64 == NoWrap \cup {"creationKeepsLine", "setNeedsAllVcpus", "ignoredWriteFails"}

\* v3.16 stands for the kernels before the three oldest defects were mended, as far as those go.
\* (The two of the series have what it posted, on a kernel of the time.)
Profiles ==
     "v3.16"     :> With({"countsEveryMatch", "tracksOnlyState", "guestWriteSynchronizes",
                          "setClockFromNow", "readsFlagLater"})
  @@ "v5.10"     :> With({"setClockFromNow", "readsFlagLater"})
  @@ "v5.14"     :> With({"readsFlagLater"})
  @@ "series-v1" :> With({"readsFlagLater"} \cup PerVcpu)
  @@ "series-v2" :> With(Posted \cup Attrs)
  @@ "v5.16"     :> With(Merged)
  @@ "v6.1"      :> With(Merged)
  @@ "v6.3"      :> With(Merged \cup Global)
  @@ "v6.4"      :> With(Merged \cup OfVm)
  @@ "v6.6"      :> With(Merged \cup Flips)
  @@ "v6.7"      :> With(Gated \cup Flips)
  @@ "v6.8"      :> With(Sparing \cup Flips)
  @@ "v6.12"     :> With(Sparing \cup Flips)
  @@ "v7.3"      :> With(Latest \cup Flips)
  @@ "v7.3.4"    :> With(Latest \cup NoWrap)
  @@ "corrected" :> With(Latest \cup Mended \cup Mended64)
=============================================================================
