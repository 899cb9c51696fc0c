-------------------------------- MODULE Rates --------------------------------
(***************************************************************************)
(* Between cycles of a TSC and nanoseconds.  A rate is a plain number of   *)
(* kHz, as the kernel keeps it (virtual_tsc_khz, tsc_khz).                 *)
(*                                                                         *)
(* A model cannot afford 10^9 nanoseconds a second, so two constants say   *)
(* how long its second is; the usual choice (NsPerSecond = khz *           *)
(* CyclesPerKhz) makes one cycle one nanosecond.  When a trace is          *)
(* validated, all three operators are replaced by their twins in Words64,  *)
(* which compute with the kernel's own numbers and fixed-point arithmetic. *)
(***************************************************************************)
EXTENDS Words

CONSTANTS CyclesPerKhz,     \* cycles in a second for each kHz: 1000 in the kernel
          NsPerSecond       \* 10^9 in the kernel

\* The cycles in one second: what the one-second window is measured with.
SecondInCycles(khz) == MulDiv(khz, CyclesPerKhz, 1)

\* The clock that the host derives from its TSC while its clocksource is the TSC.
CyclesToNs(khz, cycles) == MulDiv(cycles, NsPerSecond, khz * CyclesPerKhz)

\* nsec_to_cycles(): from elapsed host time to cycles of a vCPU's TSC.
NsToCycles(khz, ns) == MulDiv(ns, khz * CyclesPerKhz, NsPerSecond)

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

\* kvm_scale_tsc(): the product is kept whole, then truncated.
Scale(fracBits, cycles, ratio) ==
  IF ratio = DefaultRatio(fracBits) THEN cycles
  ELSE ((cycles * ratio) \div 2 ^ fracBits) % Modulus

\* tsc_tolerance_ppm, 250 by default: a rate as near to the host's as this needs no scaling.
NearEnough(userKhz, hostKhz) ==
  LET millionths == hostKhz * 250
  IN /\ userKhz >= hostKhz - ((millionths + 999999) \div 1000000)
     /\ userKhz <= hostKhz + (millionths \div 1000000)
=============================================================================
