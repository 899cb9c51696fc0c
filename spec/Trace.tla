-------------------------------- MODULE Trace --------------------------------
(***************************************************************************)
(* Both architectures, as the trace validator loads them: TLC can hold one *)
(* specification.  A state is of one architecture, and has the variables   *)
(* of that one; what both have under one name is declared once.            *)
(***************************************************************************)
EXTENDS TraceKvmX86

VARIABLES vhe, ecv, cntpct, cnthctlEl2, cntvoffEl2, cntpoffEl2, voffset, poffset, vmCounterOffset,
          broadcasts, creating, shadowCntvoff, shadowCntpoff, inRun, loadedOn, loadedPoffset, ptimer,
          virtualSeen, physicalSeen, askedVirtual, askedPhysical, got

Arm64 == INSTANCE TraceKvmArm64
=============================================================================
