// Package registry is the domain of the certification authority: applicants,
// applications, documents, certificates, money, their statuses and the moves
// between them, and the pure rules that judge them.
//
// It imports the standard library only, does no I/O, reads no clock (instants
// are arguments) and knows no database, page or language. No rule of a
// particular authority is written here: those are data, in package
// authorities, evaluated over the types of this package.
package registry
