package registry

import "time"

// Moments are the instants of an application that its deadlines run from.
type Moments struct {
	// SentAt: the application was submitted; of a reissue, the client's
	// report.
	SentAt time.Time
	// AcceptedAt: the complete package was accepted; nil: not yet.
	AcceptedAt *time.Time
}

// Deadlines are what an application owes its applicant. A nil or zero field
// means that no such clock runs.
type Deadlines struct {
	// PrepareBy is the target of a remote order (DT-20, A-09).
	PrepareBy *time.Time
	// IssueDue is the last business day for the issue (UB-14), and
	// IssueDueAt the end of that day.
	IssueDue   Date
	IssueDueAt *time.Time
	// RevokeBy is when the old certificate should be revoked (UB-28, A-13).
	RevokeBy *time.Time
	// Basis explains the reckoning in English.
	Basis string
}

// Earliest is the deadline an officer should look at first, or nil.
func (d Deadlines) Earliest() *time.Time {
	var out *time.Time
	for _, t := range [...]*time.Time{d.RevokeBy, d.PrepareBy, d.IssueDueAt} {
		if t != nil && (out == nil || t.Before(*out)) {
			out = t
		}
	}
	return out
}
