// Package paper makes the papers that the back office prints: the E-Cloud's
// activation slip, what a holder takes home with a token, the power of attorney
// of form M-2a, and the other forms that people sign by hand, as PDF in A4.
//
// It lays out and nothing else: what stands on a paper comes from the caller,
// the fixed words from the catalogs through Words. The same paper made twice
// for the same instant is the same bytes. Its fonts (Liberation) have every
// Kyrgyz letter; no file is read and nothing is fetched.
package paper

// Words returns the catalog's text of a key (paper.slip.… or paper.m2a.…) in
// the paper's language. args are pairs of a placeholder's name and its value.
type Words func(key string, args ...any) string
