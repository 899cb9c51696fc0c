------------------------------- MODULE Words64 -------------------------------
(***************************************************************************)
(* Words and Rates at the kernel's size, for traces.  A word is a pair     *)
(* <<high, low>> of halves; each half is the 32 bits of a TLC integer, so  *)
(* halves from 2^31 on look negative.                                      *)
(*                                                                         *)
(* The definitions give the meaning of the operators.  TLC cannot evaluate *)
(* them, because its integers end at 2^31; it calls their twins in Java    *)
(* instead (dev.longitude.evaluator.Words64).  A test compares both with   *)
(* exact arithmetic.  No model needs this module.                          *)
(***************************************************************************)
EXTENDS Integers

LOCAL Bits(half)  == IF half < 0 THEN half + 2^32 ELSE half
LOCAL Half(bits)  == IF bits >= 2^31 THEN bits - 2^32 ELSE bits
LOCAL Number(w)   == Bits(w[1]) * 2^32 + Bits(w[2])
LOCAL Word(n)     == <<Half((n \div 2^32) % 2^32), Half(n % 2^32)>>

Zero64 == <<0, 0>>
IsWord64(w) == \E n \in 0 .. (2^64 - 1) : w = Word(n)
FromNat64(n) == Word(n)
Add64(a, b) == Word(Number(a) + Number(b))
Sub64(a, b) == Word(Number(a) - Number(b))
Less64(a, b) == Number(a) < Number(b)
Before64(a, b) == Number(Sub64(a, b)) >= 2^63

SecondInCycles64(khz) == Word(khz * 1000)
CyclesToNs64(khz, cycles) == Word((Number(cycles) * 10^6) \div khz)

\* Half of the slack, either way, is for the rounding of the kernel's clocksource; the other half
\* is for what a log leaves open.
KeepsPace64(khz, cycles, ns) ==
  LET nominal == Number(CyclesToNs64(khz, cycles))
      slack   == 4 + nominal \div 2^22
  IN /\ Number(ns) <= nominal + slack
     /\ Number(ns) + slack >= nominal

\* Clocks still count as equal when they have drifted by the same rounding for a quarter of an
\* hour.
SameNs64(a, b) == LET apart == Number(Sub64(a, b)) IN apart <= 100000 \/ apart >= 2^64 - 100000

\* kvm_get_time_scale(): <<scaled, base, shift>>, where the multiplier is scaled * 2^32 \div base.
RECURSIVE DownScale(_, _, _)
LOCAL DownScale(scaled, base, shift) ==
  IF base > 2 * scaled \/ base >= 2^32
  THEN DownScale(scaled, base \div 2, shift - 1)
  ELSE <<scaled, base, shift>>
RECURSIVE UpScale(_, _, _)
LOCAL UpScale(scaled, base, shift) ==
  IF base <= scaled \/ scaled >= 2^32
  THEN IF scaled >= 2^32 \/ base >= 2^31
       THEN UpScale(scaled \div 2, base, shift + 1)
       ELSE UpScale(scaled, base * 2, shift + 1)
  ELSE <<scaled, base, shift>>

LOCAL TimeScale(scaledHz, baseHz) ==
  LET down == DownScale(scaledHz, baseHz, 0)
      up   == UpScale(down[1], down[2], down[3])
  IN <<(up[1] * 2^32) \div up[2], up[3]>>

\* pvclock_scale_delta()
LOCAL ScaleDelta(delta, mult, shift) ==
  LET shifted == IF shift >= 0 THEN (delta * 2^shift) % 2^64 ELSE delta \div 2^(-shift)
  IN Word((shifted * mult) \div 2^32)

\* (A rate that rounds to 0 kHz has no multiplier: the kernel's algorithm would never end.)
PvclockMul64(cyclesPerSecond) ==
  IF Number(cyclesPerSecond) = 0 THEN Word(0) ELSE Word(TimeScale(10^9, Number(cyclesPerSecond))[1])
PvclockShift64(cyclesPerSecond) ==
  IF Number(cyclesPerSecond) = 0 THEN 0 ELSE TimeScale(10^9, Number(cyclesPerSecond))[2]
PvclockNs64(mul, shift, cycles) == ScaleDelta(Number(cycles), Number(mul), shift)

\* nsec_to_cycles(): the virtual TSC's multiplier and shift, applied as pvclock_scale_delta() does.
NsToCycles64(khz, ns) ==
  LET scale == TimeScale(khz * 1000, 10^9)
  IN ScaleDelta(Number(ns), scale[1], scale[2])

DefaultRatio64(fracBits) == Word(2^fracBits)
Ratio64(fracBits, userKhz, hostKhz) ==
  LET ratio == (2^fracBits * userKhz) \div hostKhz
      most  == IF fracBits = 32 THEN 2^40 - 1 ELSE 2^64 - 1
  IN IF ratio < most THEN Word(ratio) ELSE Zero64

\* The largest ratio is 2^64 - 1 on Intel, 2^40 - 1 on AMD; no rate has more than 31 bits.  (TLC
\* evaluates this one itself: a host's rate is less than 2^23.)
MaxGuestTscKhz64(fracBits, hostKhz) ==
  IF fracBits = 32 THEN 256 * hostKhz - 1
  ELSE IF hostKhz < 32768 THEN 65536 * hostKhz - 1
  ELSE 2147483647

Scale64(fracBits, cycles, ratio) ==
  IF ratio = DefaultRatio64(fracBits) THEN cycles
  ELSE Word((Number(cycles) * Number(ratio)) \div 2^fracBits)
ScaledKhz64(fracBits, khz, ratio) ==
  IF ratio = DefaultRatio64(fracBits) THEN khz ELSE (khz * Number(ratio)) \div 2^fracBits
=============================================================================
