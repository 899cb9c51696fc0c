-------------------------------- MODULE Trace --------------------------------
(***************************************************************************)
(* Both architectures, as the trace validator loads them: TLC can hold     *)
(* only one specification.  A state belongs to one architecture and has    *)
(* its variables only; a name that both use is declared once.              *)
(***************************************************************************)
EXTENDS TraceKvmX86

VARIABLES vhe, ecv, cntpct, cnthctlEl2, cntvoffEl2, cntpoffEl2, voffset, poffset, vmCounterOffset,
          broadcasts, creating, shadowCntvoff, shadowCntpoff, inRun, loadedOn, loadedPoffset, vtimer, ptimer,
          virtualSeen, physicalSeen, askedVirtual, askedPhysical, got

Arm64 == INSTANCE TraceKvmArm64
=============================================================================
