package registry

import (
	"slices"
	"time"
)

// ReportID is the row identity of a report.
type ReportID int64

// Report is somebody's word that a certificate must not be used any more, and
// what became of it (UB-26…28).
type Report struct {
	ID            ReportID
	Number        string // "R-26-0031": year and a running number
	CertificateID CertificateID
	Status        ReportStatus
	Way           ReportWay
	// Cause is a code of the pack's list of causes; Code is that of RFC 5280
	// §5.3.1.
	Cause string
	Code  int
	// Reporter is who said it, as written down; Identified is how we know.
	Reporter   string
	Identified []Identification
	Note       string
	// InvalidSince is since when the key is suspected, if that matters and is
	// known.
	InvalidSince *time.Time
	ReportedAt   time.Time
	// DueAt is when the certificate must be out of use at the latest (UB-28):
	// by the clock, over holidays.
	DueAt         time.Time
	CreatedAt     time.Time
	CreatedBy     OperatorID    // 0: not an operator
	ApplicationID ApplicationID // the reissue whose submission was the report
	SuspendedAt   *time.Time
	SuspendedBy   OperatorID
	Escalated     int // per cent of the clock that people were told of
	ConcludedAt   *time.Time
	// Remark is the decision's, for the reporter.
	Remark  string
	Version int64
}

// ReportStatus is where a report stands.
type ReportStatus string

const (
	// ReportReceived: the clock runs; an approver has to decide.
	ReportReceived ReportStatus = "received"
	// ReportRevoked: the certificate is revoked. Final.
	ReportRevoked ReportStatus = "revoked"
	// ReportRejected: it was a mistake; the certificate was not suspended.
	// Final.
	ReportRejected ReportStatus = "rejected"
	// ReportLifted: the suspension was lifted. Final.
	ReportLifted ReportStatus = "lifted"
	// ReportOver: the certificate's term ended first, and one that is over is
	// never revoked. Final.
	ReportOver ReportStatus = "over"
)

// ReportStatuses lists them.
var ReportStatuses = [...]ReportStatus{ReportReceived, ReportRevoked, ReportRejected, ReportLifted, ReportOver}

// ReportAction is what is done to a report that was received.
type ReportAction string

const (
	ReportSuspend ReportAction = "suspend" // take the certificate out of use until it is clarified
	ReportRevoke  ReportAction = "revoke"  // signed
	ReportReject  ReportAction = "reject"  // signed: a mistake
	ReportLift    ReportAction = "lift"    // signed: put a suspended certificate back into use
	ReportEnd     ReportAction = "end"     // the certificate's term ended
)

// ByHolder is the holder of the certificate itself, by a signature of their
// own (revocation/1).
const ByHolder Actor = "holder"

// ReportMove is one row of the table of moves of a report that was received;
// To is empty where it stays received.
type ReportMove struct {
	Action ReportAction
	To     ReportStatus
	By     []Actor
}

// ReportMoves is the whole table; what is not in it is not allowed. Every
// final status is reached from received only.
var ReportMoves = []ReportMove{
	{ReportSuspend, "", []Actor{ByClerk, ByApprover}},
	{ReportRevoke, ReportRevoked, []Actor{ByApprover, ByHolder}},
	{ReportReject, ReportRejected, []Actor{ByApprover}},
	{ReportLift, ReportLifted, []Actor{ByApprover}},
	{ReportEnd, ReportOver, []Actor{BySystem}},
}

// MoveReport judges an action: the status afterwards, Conflict for a report
// that is concluded, Forbidden where this actor never may.
func MoveReport(from ReportStatus, act ReportAction, by Actor) (ReportStatus, error) {
	for _, m := range ReportMoves {
		if m.Action != act || !slices.Contains(m.By, by) {
			continue
		}
		if from != ReportReceived {
			return from, Refuse(Conflict, "error.report.concluded")
		}
		if m.To == "" {
			return from, nil
		}
		return m.To, nil
	}
	return from, Refuse(Forbidden, "error.forbidden")
}

// ReportWay is how a report came in.
type ReportWay string

const (
	ByPhone         ReportWay = "phone"
	InPerson        ReportWay = "person"
	FromCabinet     ReportWay = "cabinet"
	ByEmergencyCode ReportWay = "emergency"
	ByAuthority     ReportWay = "authority"
	ByReissue       ReportWay = "reissue"
)

// ReportWays lists them.
var ReportWays = [...]ReportWay{ByPhone, InPerson, FromCabinet, ByEmergencyCode, ByAuthority, ByReissue}

// Identification is one way in which a reporter was recognised, against what
// is on file.
type Identification string

const (
	KnowsPassport   Identification = "passport"    // said the passport's number, and it matches
	KnowsNumber     Identification = "number"      // said the personal number, and it matches
	CallsFromFile   Identification = "phone"       // calls from a number on file
	CalledBack      Identification = "callback"    // was called back at a number on file
	ShowsDocument   Identification = "document"    // showed the identity document
	ShowsAuthority  Identification = "authority"   // showed a power of attorney or a decision
	HasCertificate  Identification = "certificate" // logged in, or signed, with a certificate
	HasEmergency    Identification = "code"        // gave the emergency code
	KnownToCA       Identification = "own"         // the authority's own knowledge
	HandedInReissue Identification = "application" // handed in a reissue that names the certificate
)

// identifications says which of them a clerk can tick for a way, and how many
// are needed at least.
var identifications = map[ReportWay]struct {
	least    int
	possible []Identification
}{
	ByPhone:     {2, []Identification{KnowsPassport, KnowsNumber, CallsFromFile, CalledBack}},
	InPerson:    {1, []Identification{ShowsDocument, ShowsAuthority}},
	ByAuthority: {1, []Identification{KnownToCA}},
}

// IdentificationsFor returns what a clerk can tick for a way, and how many are
// needed at least; none for ways that are not a clerk's.
func IdentificationsFor(w ReportWay) (least int, possible []Identification) {
	i := identifications[w]
	return i.least, i.possible
}

// CheckIdentified judges what was ticked: only what belongs to the way counts.
func CheckIdentified(w ReportWay, ticked []Identification) ([]Identification, error) {
	least, possible := IdentificationsFor(w)
	var out []Identification
	for _, i := range possible {
		if slices.Contains(ticked, i) {
			out = append(out, i)
		}
	}
	if len(out) < least {
		return nil, Refuse(Invalid, "error.report.identified", "n", least).On("identified")
	}
	return out, nil
}

// ReportHours is how long a report may wait where an authority promises
// nothing shorter (UB-28).
const ReportHours = 24

// Escalations are the shares of the clock, in per cent, at which people are
// told.
var Escalations = [...]int{50, 75, 100}

// ClockShare is how much of a report's clock is over, in per cent; 100 and
// more is late.
func (r *Report) ClockShare(now time.Time) int {
	whole := r.DueAt.Sub(r.ReportedAt)
	if whole <= 0 || now.Before(r.ReportedAt) {
		return 0
	}
	return int(now.Sub(r.ReportedAt) * 100 / whole)
}

// EscalationAt is the highest share of Escalations that has passed, or 0.
func (r *Report) EscalationAt(now time.Time) int {
	level := 0
	for _, e := range Escalations {
		if r.ClockShare(now) >= e {
			level = e
		}
	}
	return level
}

// KeyAtRisk says of a code of RFC 5280 §5.3.1 that the key itself may be in
// other hands: then the date of compromise matters, the certificate is
// suspended at once, and the key is never certified again.
func KeyAtRisk(code int) bool { return code == 1 || code == 2 }

// RevocationDecision is a signed decision on a report.
type RevocationDecision struct {
	ID         int64
	ReportID   ReportID
	Action     ReportAction
	OperatorID OperatorID // 0: the holder signed
	Envelope   []byte
	Signature  []byte // CMS, DER
	Serial     Serial // of the certificate that signed
	CreatedAt  time.Time
}
