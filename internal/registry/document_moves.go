package registry

import "slices"

// DocumentAction is what is done to one document of an application.
type DocumentAction string

const (
	// DocUpload adds a file.
	DocUpload DocumentAction = "upload"
	// DocRemove takes a file off.
	DocRemove DocumentAction = "remove"
	// DocReceive notes that a thing was brought that is not scanned.
	DocReceive DocumentAction = "receive"
	// DocLink lets an accepted paper of an earlier application stand in
	//
	DocLink   DocumentAction = "link"
	DocAccept DocumentAction = "accept"
	DocReject DocumentAction = "reject"
	DocWaive  DocumentAction = "waive"
	// DocReopen takes an acceptance or a waiver back.
	DocReopen DocumentAction = "reopen"
)

// DocumentActions lists them.
var DocumentActions = [...]DocumentAction{DocUpload, DocRemove, DocReceive, DocLink, DocAccept, DocReject, DocWaive, DocReopen}

// DocumentMove is one row of the table of moves of a document.
type DocumentMove struct {
	Action DocumentAction
	From   []DocumentStatus
	To     DocumentStatus
	By     []Actor
}

// DocumentMoves is the whole table; what is not in it is not allowed. Removing
// the last file and reopening a document without one lead to missing, not to
// received.
var DocumentMoves = []DocumentMove{
	{DocUpload, []DocumentStatus{DocMissing, DocReceived, DocRejected}, DocReceived, []Actor{ByClerk, ByApplicant}},
	{DocUpload, []DocumentStatus{DocAccepted, DocWaived}, DocReceived, []Actor{ByClerk}},
	{DocRemove, []DocumentStatus{DocReceived, DocRejected, DocAccepted, DocWaived}, DocReceived, []Actor{ByClerk}},
	{DocReceive, []DocumentStatus{DocMissing, DocRejected}, DocReceived, []Actor{ByClerk}},
	{DocLink, []DocumentStatus{DocMissing, DocReceived, DocRejected}, DocReceived, []Actor{ByClerk}},
	{DocAccept, []DocumentStatus{DocReceived}, DocAccepted, []Actor{ByClerk}},
	{DocReject, []DocumentStatus{DocReceived, DocAccepted}, DocRejected, []Actor{ByClerk}},
	{DocWaive, []DocumentStatus{DocMissing, DocReceived, DocRejected}, DocWaived, []Actor{ByClerk}},
	{DocReopen, []DocumentStatus{DocAccepted, DocWaived}, DocReceived, []Actor{ByClerk}},
}

// MoveDocument judges an action on a document: the status afterwards, or a
// Conflict where its status does not allow it, or Forbidden where this actor
// never may.
func MoveDocument(from DocumentStatus, act DocumentAction, by Actor) (DocumentStatus, error) {
	ever := false
	for _, m := range DocumentMoves {
		if m.Action != act || !slices.Contains(m.By, by) {
			continue
		}
		ever = true
		if slices.Contains(m.From, from) {
			return m.To, nil
		}
	}
	if !ever {
		return from, Refuse(Forbidden, "error.forbidden")
	}
	return from, Refuse(Conflict, "error.document.state", "status", string(from))
}

// LacksApplicant says whether the applicant still has to hand a document in,
// and can do so by a file.
func (d *Document) LacksApplicant() bool {
	return d.Required && d.Form.Scanned() && (d.Status == DocMissing || d.Status == DocRejected)
}
