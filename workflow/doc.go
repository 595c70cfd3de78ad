// Package workflow is every write of the back office: one transition a file,
// one database transaction each, with its journal entry and its letters inside
// that transaction.
//
// A transition is: load and lock → pure guard (package registry) → guarded
// UPDATE (zero rows: somebody else was first, a Conflict) → journal entry →
// outbox. No transaction spans a call to the CA: the intent is committed
// before it, the result after it, and background work finishes what a crash
// left.
//
// It renders nothing, reads no request and knows no HTTP. Texts for people are
// catalog keys.
package workflow
