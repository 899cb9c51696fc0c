/**
 * Proofs of the arithmetic for all values. A {@link dev.longitude.properties.arithmetic.Term} is written once: on concrete
 * words it is computed and compared with the method that it stands for, and an SMT solver proves what is claimed of it.
 */
package dev.longitude.properties.arithmetic;
