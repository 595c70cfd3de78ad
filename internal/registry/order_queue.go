package registry

import "time"

// OrderRank divides the seven-day queue of remote orders.
type OrderRank int

const (
	// OrderPaid: the money that it waited for has come; it is on top.
	OrderPaid OrderRank = iota
	// OrderTurn: its turn comes.
	OrderTurn
	// OrderUnpaid: it waits for the client's money.
	OrderUnpaid
)

// QueuePlace is a remote order's place in the seven-day queue: by rank, then by
// the earlier of the instant promised (DT-20, A-09) and the end of the
// certificate that ends first.
type QueuePlace struct {
	Rank OrderRank
	At   time.Time
}

// Queued says whether a remote order in a status waits for the authority.
func (s ApplicationStatus) Queued() bool { return s == Submitted || s == InReview || s == Verified }

// OrderHold is an order that cannot be accepted for want of money.
type OrderHold struct {
	ApplicationID  ApplicationID
	OrganisationID OrganisationID
	// Missing is what was missing when the client was told last.
	Missing Tyiyn
	HeldAt  time.Time
	LapseAt time.Time
	// WarnAt is when the client is told that it will lapse; nil: they were.
	WarnAt *time.Time
}
