package registry

import "time"

// Anchor is where a certificate's year begins.
type Anchor string

const (
	// FromManufacture: the moment of making (UB-19).
	FromManufacture Anchor = "MANUFACTURE"
	// FromPredecessorEnd: the end of the certificate that is renewed, if it
	// is still to come (DT-23, A-10).
	FromPredecessorEnd Anchor = "PREDECESSOR_END"
)

// NextYear is the same wall-clock instant a year later in a zone; 29 February
// becomes 28 February.
func NextYear(t time.Time, zone *time.Location) time.Time {
	l := t.In(zone)
	y, m, d := l.Date()
	if m == time.February && d == 29 {
		d = 28
	}
	return time.Date(y+1, m, d, l.Hour(), l.Minute(), l.Second(), l.Nanosecond(), zone)
}

// Term is a certificate's term: from max(predecessor's end if anchored
// there, moment), exactly one year. It never begins before moment.
func Term(a Anchor, predecessor *Predecessor, moment time.Time, zone *time.Location) (notBefore, notAfter time.Time) {
	notBefore = moment
	if a == FromPredecessorEnd && predecessor != nil && !predecessor.Revoked && predecessor.NotAfter.After(moment) {
		notBefore = predecessor.NotAfter
	}
	return notBefore.In(zone), NextYear(notBefore, zone)
}
