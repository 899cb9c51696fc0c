-------------------------------- MODULE Rates --------------------------------
(***************************************************************************)
(* Between cycles of a TSC and nanoseconds.  A rate is a plain number of   *)
(* kHz, as the kernel keeps it (virtual_tsc_khz, tsc_khz).                 *)
(*                                                                         *)
(* A model cannot afford 10^9 nanoseconds a second, so NsPerSecond and     *)
(* CyclesPerKhz say how long its second is; the usual choice (NsPerSecond  *)
(* = khz * CyclesPerKhz) makes one cycle one nanosecond.  When a trace is  *)
(* validated, the operators are replaced by their twins in Words64,        *)
(* which compute with the kernel's own numbers and fixed-point arithmetic. *)
(***************************************************************************)
EXTENDS Words

CONSTANT NsPerSecond   \* 10^9 in the kernel

\* A configuration overrides these where it has them otherwise.
CyclesPerKhz == 1      \* cycles in a second for each kHz: 1000 in the kernel
Drift        == 0      \* ns by which the host's clock may be off the TSC's pace

\* The cycles in one second: what the one-second window is measured with.
SecondInCycles(khz) == MulDiv(khz, CyclesPerKhz, 1)

\* What cycles of a TSC last.
CyclesToNs(khz, cycles) == MulDiv(cycles, NsPerSecond, khz * CyclesPerKhz)

\* The host's clock keeps pace with its TSC while that is the clocksource.  The kernel computes
\* ns with a factor of its own, rounded at about the 23rd bit, and not with the guest's: the two
\* lines part by up to 120 ns in a second.
KeepsPace(khz, cycles, ns) == Near(ns, CyclesToNs(khz, cycles), Drift)

\* nsec_to_cycles(): from elapsed host time to cycles of a vCPU's TSC.
NsToCycles(khz, ns) == MulDiv(ns, khz * CyclesPerKhz, NsPerSecond)

\* Two clocks that show the same.
SameNs(a, b) == Near(a, b, 1)

-----------------------------------------------------------------------------
(***************************************************************************)
(* kvmclock's page tells the guest its rate as a multiplier and a shift,   *)
(* computed by kvm_get_time_scale() from cycles a second.                  *)
(***************************************************************************)

PvclockMul(cyclesPerSecond) == cyclesPerSecond
PvclockShift(cyclesPerSecond) == 0

\* pvclock_scale_delta(): what the guest makes of cycles since the page's time stamp.
PvclockNs(mul, shift, cycles) == MulDiv(cycles, NsPerSecond, mul)

-----------------------------------------------------------------------------
(***************************************************************************)
(* Scaling in hardware: the TSC that a guest sees is the host's times a    *)
(* ratio, a fixed-point number with fracBits bits behind the point (Intel  *)
(* 48, AMD 32; 0 says that the host cannot scale).                         *)
(***************************************************************************)

DefaultRatio(fracBits) == 2 ^ fracBits

\* The ratio for a guest at userKhz on a host at hostKhz, truncated; 0 if there is none.
Ratio(fracBits, userKhz, hostKhz) ==
  LET ratio == (2 ^ fracBits * userKhz) \div hostKhz
  IN IF ratio < Modulus THEN ratio ELSE 0

\* max_guest_tsc_khz: the first rate that is too high for the largest ratio.
MaxGuestTscKhz(fracBits, hostKhz) == ((Modulus - 1) * hostKhz) \div 2 ^ fracBits

\* kvm_scale_tsc(): the product is kept whole, then truncated.
Scale(fracBits, cycles, ratio) ==
  IF ratio = DefaultRatio(fracBits) THEN cycles
  ELSE ((cycles * ratio) \div 2 ^ fracBits) % Modulus

\* The same for a rate in kHz, a plain number.
ScaledKhz(fracBits, khz, ratio) ==
  IF ratio = DefaultRatio(fracBits) THEN khz ELSE (khz * ratio) \div 2 ^ fracBits

\* tsc_tolerance_ppm, 250 by default: a rate as near to the host's as this needs no scaling.
NearEnough(userKhz, hostKhz) ==
  LET millionths == hostKhz * 250
  IN /\ userKhz >= hostKhz - ((millionths + 999999) \div 1000000)
     /\ userKhz <= hostKhz + (millionths \div 1000000)
=============================================================================
