-------------------------------- MODULE Rates --------------------------------
(***************************************************************************)
(* Conversion between cycles of a TSC and nanoseconds.  A rate is a plain  *)
(* number of kHz, as the kernel keeps it (virtual_tsc_khz, tsc_khz).       *)
(*                                                                         *)
(* A model cannot afford 10^9 nanoseconds a second, so NsPerSecond and     *)
(* CyclesPerKhz say how long its second is; the usual choice (NsPerSecond  *)
(* = khz * CyclesPerKhz) makes one cycle one nanosecond.  When a trace is  *)
(* validated, the operators are replaced by their twins in Words64,        *)
(* which compute with the kernel's own numbers and fixed-point arithmetic. *)
(***************************************************************************)
EXTENDS Words

CONSTANT NsPerSecond   \* 10^9 in the kernel

\* A configuration may override these.
CyclesPerKhz == 1      \* cycles in a second for each kHz: 1000 in the kernel
Drift        == 0      \* ns by which the host's clock may be off the TSC's pace
TscTolerancePpm == 250 \* tsc_tolerance_ppm: its default

\* The cycles in one second: the length of the one-second window.
SecondInCycles(khz) == MulDiv(khz, CyclesPerKhz, 1)

\* How long cycles of a TSC last.
CyclesToNs(khz, cycles) == MulDiv(cycles, NsPerSecond, khz * CyclesPerKhz)

\* While the TSC is the clocksource, the host's clock keeps pace with it.  The kernel computes ns
\* with a factor of its own, rounded at about the 23rd bit, not with the guest's: the two lines
\* diverge by up to 120 ns per second.
KeepsPace(khz, cycles, ns) == Near(ns, CyclesToNs(khz, cycles), Drift)

\* nsec_to_cycles(): from elapsed host time to cycles of a vCPU's TSC.
NsToCycles(khz, ns) == MulDiv(ns, khz * CyclesPerKhz, NsPerSecond)

\* Do two clocks show the same time?
SameNs(a, b) == Near(a, b, 1)

-----------------------------------------------------------------------------
(***************************************************************************)
(* kvmclock's page gives the guest its rate as a multiplier and a shift,   *)
(* computed by kvm_get_time_scale() from cycles a second.                  *)
(***************************************************************************)

PvclockMul(cyclesPerSecond) == cyclesPerSecond
PvclockShift(cyclesPerSecond) == 0

\* pvclock_scale_delta(): cycles since the page's time stamp, converted to ns by the guest.
PvclockNs(mul, shift, cycles) == MulDiv(cycles, NsPerSecond, mul)

-----------------------------------------------------------------------------
(***************************************************************************)
(* Scaling in hardware: the TSC that a guest sees is the host's times a    *)
(* ratio, a fixed-point number with fracBits fraction bits (Intel 48, AMD  *)
(* 32; 0: the host cannot scale).                                          *)
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

\* A rate this near to the host's needs no scaling.
NearEnough(userKhz, hostKhz) ==
  LET millionths == hostKhz * TscTolerancePpm
  IN /\ userKhz >= hostKhz - ((millionths + 999999) \div 1000000)
     /\ userKhz <= hostKhz + (millionths \div 1000000)
=============================================================================
