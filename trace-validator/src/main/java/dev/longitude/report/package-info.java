/** The report that a person looks at: one HTML file, with all that it shows in it. */
@NullMarked
package dev.longitude.report;

import org.jspecify.annotations.NullMarked;
