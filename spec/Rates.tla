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
=============================================================================
