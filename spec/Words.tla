-------------------------------- MODULE Words --------------------------------
(***************************************************************************)
(* Unsigned machine words that wrap: counters, offsets and times.  In the  *)
(* kernel a word has 64 bits; a model checks the same text with fewer.     *)
(* When a trace is validated, each operator of the second group below is   *)
(* replaced by its 64-bit twin from Words64, where a word is a pair of     *)
(* halves, because a TLC integer has only 32 bits.  Nothing outside this   *)
(* module may therefore look inside a word.                                *)
(***************************************************************************)
EXTENDS Naturals

CONSTANT WordBits     \* 64 in the kernel, 4 to 8 in a model

Modulus == 2 ^ WordBits

-----------------------------------------------------------------------------
Zero == 0

IsWord(x) == x \in 0 .. (Modulus - 1)

\* A small plain number as a word.
FromNat(n) == n

Add(a, b) == (a + b) % Modulus

Sub(a, b) == (a - b) % Modulus

\* Plain unsigned comparison, as C's < does, also of wrapped values.
Less(a, b) == a < b

\* a lies behind b on the circle, by less than half of it: C's (s64)(a - b) < 0.  It compares two
\* instants of a counter that may wrap.
Before(a, b) == Sub(a, b) >= Modulus \div 2

\* a and b lie at most n apart on the circle; n is a small plain number.
Near(a, b, n) == ~Less(FromNat(2 * n), Sub(Add(a, FromNat(n)), b))

\* (a * multiplier) \div divisor with the product kept whole.  multiplier and divisor are plain
\* numbers, not words.
MulDiv(a, multiplier, divisor) == ((a * multiplier) \div divisor) % Modulus
=============================================================================
