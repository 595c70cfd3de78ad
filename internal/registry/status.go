package registry

import "slices"

// ApplicationStatus is where an application stands. docs/states.md draws the
// moves; migrations hold the same words in a CHECK constraint; a test compares
// the three.
type ApplicationStatus string

const (
	// Draft: being filled in; nobody waits for it.
	Draft ApplicationStatus = "draft"
	// Submitted: waits for a clerk.
	Submitted ApplicationStatus = "submitted"
	// InReview: a clerk checks the papers.
	InReview ApplicationStatus = "in_review"
	// AwaitingDocuments: the applicant has to bring something; the clock is
	// stopped.
	AwaitingDocuments ApplicationStatus = "awaiting_documents"
	// Verified: the complete package is accepted (UB-14); waits for an
	// approver.
	Verified ApplicationStatus = "verified"
	// Approved: decided; the fee has left the balance (DT-22).
	Approved ApplicationStatus = "approved"
	// Completed: every enrolment is handed over or cancelled. Final.
	Completed ApplicationStatus = "completed"
	// Refused by an approver. Final.
	Refused ApplicationStatus = "refused"
	// Withdrawn by the applicant. Final.
	Withdrawn ApplicationStatus = "withdrawn"
)

// ApplicationStatuses lists them in the order of the work.
var ApplicationStatuses = [...]ApplicationStatus{Draft, Submitted, InReview, AwaitingDocuments, Verified, Approved, Completed, Refused, Withdrawn}

// Open says whether somebody still has to do something about it.
func (s ApplicationStatus) Open() bool {
	return s != Completed && s != Refused && s != Withdrawn
}

// Decided says that the fee was taken, or never will be.
func (s ApplicationStatus) Decided() bool { return s == Approved || !s.Open() }

// Actor is who moves an application: an operator's role, the applicant with
// the secret link or a session of their own, or the program itself.
type Actor string

const (
	ByClerk     Actor = Actor(Clerk)
	ByApprover  Actor = Actor(Approver)
	ByApplicant Actor = "applicant"
	BySystem    Actor = "system"
)

// Action is what is done to an application.
type Action string

const (
	ActEdit         Action = "edit"          // change the declaration
	ActSubmit       Action = "submit"        // hand in the draft
	ActTake         Action = "take"          // a clerk takes it to work
	ActGiveBack     Action = "give_back"     // back to the queue
	ActAssign       Action = "assign"        // to a named clerk
	ActAskDocuments Action = "ask_documents" // the applicant has to bring something
	ActResume       Action = "resume"        // the papers came
	ActDocument     Action = "document"      // add, accept, reject or waive a document
	ActUpload       Action = "upload"        // add a file to a document
	ActVerify       Action = "verify"        // the package is complete
	ActSendBack     Action = "send_back"     // approver: look again
	ActApprove      Action = "approve"
	ActRefuse       Action = "refuse"
	ActWithdraw     Action = "withdraw"
	ActComplete     Action = "complete"
	ActHold         Action = "hold"  // an order cannot be accepted for want of money
	ActPaid         Action = "paid"  // the money has come
	ActLapse        Action = "lapse" // an order came to nothing: not signed or not paid in time
)

// Actions lists them.
var Actions = [...]Action{ActEdit, ActSubmit, ActTake, ActGiveBack, ActAssign, ActAskDocuments, ActResume, ActDocument, ActUpload, ActVerify, ActSendBack, ActApprove, ActRefuse, ActWithdraw, ActComplete, ActHold, ActPaid, ActLapse}

// Move is one row of the table of moves: Action takes an application From one
// of the statuses To another (empty: it stays) when done By one of the actors.
type Move struct {
	Action Action
	From   []ApplicationStatus
	To     ApplicationStatus
	By     []Actor
}

// ApplicationMoves is the whole table of what is handed in at the office; what
// is not in it is not allowed. Remote orders have OrderMoves.
// An edit after verification returns the file to review (four eyes); that is
// the second edit row.
var ApplicationMoves = []Move{
	{ActEdit, []ApplicationStatus{Draft, Submitted, InReview, AwaitingDocuments}, "", []Actor{ByClerk}},
	{ActEdit, []ApplicationStatus{Verified}, InReview, []Actor{ByClerk}},
	{ActSubmit, []ApplicationStatus{Draft}, Submitted, []Actor{ByClerk, ByApplicant}},
	{ActTake, []ApplicationStatus{Submitted}, InReview, []Actor{ByClerk}},
	{ActTake, []ApplicationStatus{InReview, AwaitingDocuments, Verified}, "", []Actor{ByClerk}},
	{ActGiveBack, []ApplicationStatus{InReview, AwaitingDocuments, Verified}, "", []Actor{ByClerk}},
	{ActAssign, []ApplicationStatus{Submitted}, InReview, []Actor{ByClerk, ByApprover}},
	{ActAssign, []ApplicationStatus{InReview, AwaitingDocuments, Verified}, "", []Actor{ByClerk, ByApprover}},
	{ActAskDocuments, []ApplicationStatus{InReview}, AwaitingDocuments, []Actor{ByClerk}},
	{ActResume, []ApplicationStatus{AwaitingDocuments}, InReview, []Actor{ByClerk, ByApplicant, BySystem}},
	{ActDocument, []ApplicationStatus{Draft, Submitted, InReview, AwaitingDocuments}, "", []Actor{ByClerk}},
	{ActDocument, []ApplicationStatus{Verified}, InReview, []Actor{ByClerk}},
	{ActUpload, []ApplicationStatus{Draft, Submitted, InReview, AwaitingDocuments}, "", []Actor{ByClerk, ByApplicant}},
	{ActUpload, []ApplicationStatus{Verified}, InReview, []Actor{ByClerk}},
	{ActVerify, []ApplicationStatus{InReview}, Verified, []Actor{ByClerk}},
	{ActSendBack, []ApplicationStatus{Verified}, InReview, []Actor{ByApprover}},
	{ActApprove, []ApplicationStatus{Verified}, Approved, []Actor{ByApprover}},
	{ActRefuse, []ApplicationStatus{Submitted, InReview, AwaitingDocuments, Verified}, Refused, []Actor{ByApprover}},
	{ActWithdraw, []ApplicationStatus{Draft}, Withdrawn, []Actor{ByClerk, ByApplicant}},
	{ActWithdraw, []ApplicationStatus{Submitted, InReview, AwaitingDocuments, Verified}, Withdrawn, []Actor{ByApplicant}},
	{ActComplete, []ApplicationStatus{Approved}, Completed, []Actor{BySystem}},
}

// MoveApplication judges an action: the status afterwards (the same where the
// action moves nothing), or a Conflict where the status does not allow it, or
// Forbidden where this actor never may.
func MoveApplication(from ApplicationStatus, act Action, by Actor) (ApplicationStatus, error) {
	return move(ApplicationMoves, from, act, by)
}

// DocumentStatus is where a required document stands.
type DocumentStatus string

const (
	// DocMissing: not handed in.
	DocMissing DocumentStatus = "missing"
	// DocReceived: there is a file, or the thing was brought; nobody has
	// judged it.
	DocReceived DocumentStatus = "received"
	// DocAccepted by a clerk.
	DocAccepted DocumentStatus = "accepted"
	// DocRejected with a reason that the client reads.
	DocRejected DocumentStatus = "rejected"
	// DocWaived: not required of this applicant, for a reason on record.
	DocWaived DocumentStatus = "waived"
)

// DocumentStatuses lists them.
var DocumentStatuses = [...]DocumentStatus{DocMissing, DocReceived, DocAccepted, DocRejected, DocWaived}

// Settled says whether a document no longer stands in the way of
// verification.
func (s DocumentStatus) Settled() bool { return s == DocAccepted || s == DocWaived }

// EnrolmentStatus is where the making of one signatory's certificate stands.
type EnrolmentStatus string

const (
	// AwaitingKey: the holder has to make a key: on the token at the desk, or
	// by activating the E-Cloud.
	AwaitingKey EnrolmentStatus = "awaiting_key"
	// KeyMade: a CSR is here; no certificate has been asked for.
	KeyMade EnrolmentStatus = "key_made"
	// Issuing: an intent is stored, the CA has been or will be asked.
	Issuing EnrolmentStatus = "issuing"
	// Issued: the certificate is stored and compared with its intent.
	Issued EnrolmentStatus = "issued"
	// HandedOver: the holder has proven possession. Final.
	HandedOver EnrolmentStatus = "handed_over"
	// Failed: refused by lint or by the CA; an operator looks.
	Failed EnrolmentStatus = "failed"
	// Cancelled by an approver, and its part of the fee is reversed; or its
	// certificate was revoked before it was handed over. Final.
	Cancelled EnrolmentStatus = "cancelled"
)

// EnrolmentStatuses lists them.
var EnrolmentStatuses = [...]EnrolmentStatus{AwaitingKey, KeyMade, Issuing, Issued, HandedOver, Failed, Cancelled}

// EnrolmentMoves is the table of moves, from → to. From issued, an approver may
// start again on another token or cancel; either way what was issued is revoked
// first (ADR 0007).
var EnrolmentMoves = map[EnrolmentStatus][]EnrolmentStatus{
	AwaitingKey: {KeyMade, Cancelled},
	KeyMade:     {Issuing, Failed, AwaitingKey, Cancelled},
	Issuing:     {Issued, Failed},
	Issued:      {HandedOver, AwaitingKey, Cancelled},
	Failed:      {AwaitingKey, Cancelled},
}

// MoveEnrolment judges one move.
func MoveEnrolment(from, to EnrolmentStatus) error {
	if slices.Contains(EnrolmentMoves[from], to) {
		return nil
	}
	return Refuse(Conflict, "error.enrolment.state", "from", string(from), "to", string(to))
}

// Done says that nothing more happens to the enrolment.
func (s EnrolmentStatus) Done() bool { return s == HandedOver || s == Cancelled }

// CertificateStatus is what happened to a certificate. Whether it is not yet
// usable, valid or expired is computed from the clock and never stored.
type CertificateStatus string

const (
	// CertIssued: in force, as far as the clock allows.
	CertIssued CertificateStatus = "issued"
	// CertSuspended: on hold until it is resumed or revoked; refused
	// everywhere meanwhile (RFC 5280 §5.3.1, certificateHold).
	CertSuspended CertificateStatus = "suspended"
	// CertRevoked: for good, from a moment, for a reason. Final.
	CertRevoked CertificateStatus = "revoked"
)

// CertificateStatuses lists them.
var CertificateStatuses = [...]CertificateStatus{CertIssued, CertSuspended, CertRevoked}

// CertificateMoves is the table of moves, from → to.
var CertificateMoves = map[CertificateStatus][]CertificateStatus{
	CertIssued:    {CertSuspended, CertRevoked},
	CertSuspended: {CertIssued, CertRevoked},
}
