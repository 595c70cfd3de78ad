package registry

import "slices"

// OrderMoves is the table of moves of a remote order, an application whose
// channel is remote. What its signatories signed is not edited by anybody: a
// clerk verifies it or an approver refuses it. An order is a draft while a
// signature is missing; the last one submits it. Lapse ends an order that was
// not signed by all in time, or not paid for.
var OrderMoves = []Move{
	{ActSubmit, []ApplicationStatus{Draft}, Submitted, []Actor{ByApplicant}},
	{ActTake, []ApplicationStatus{Submitted}, InReview, []Actor{ByClerk}},
	{ActTake, []ApplicationStatus{InReview, Verified}, "", []Actor{ByClerk}},
	{ActGiveBack, []ApplicationStatus{InReview, Verified}, "", []Actor{ByClerk}},
	{ActAssign, []ApplicationStatus{Submitted}, InReview, []Actor{ByClerk, ByApprover}},
	{ActAssign, []ApplicationStatus{InReview, Verified}, "", []Actor{ByClerk, ByApprover}},
	{ActVerify, []ApplicationStatus{InReview}, Verified, []Actor{ByClerk}},
	{ActSendBack, []ApplicationStatus{Verified}, InReview, []Actor{ByApprover}},
	{ActHold, []ApplicationStatus{Verified}, "", []Actor{ByApprover}},
	{ActPaid, []ApplicationStatus{Verified}, "", []Actor{BySystem}},
	{ActApprove, []ApplicationStatus{Verified}, Approved, []Actor{ByApprover}},
	{ActRefuse, []ApplicationStatus{Submitted, InReview, Verified}, Refused, []Actor{ByApprover}},
	{ActWithdraw, []ApplicationStatus{Draft, Submitted, InReview, Verified}, Withdrawn, []Actor{ByApplicant}},
	{ActLapse, []ApplicationStatus{Draft, Submitted, InReview, Verified}, Withdrawn, []Actor{BySystem}},
	{ActComplete, []ApplicationStatus{Approved}, Completed, []Actor{BySystem}},
}

// MovesOf is the table of moves of applications that come in by a channel.
func MovesOf(c Channel) []Move {
	if c == Remote {
		return OrderMoves
	}
	return ApplicationMoves
}

// Move judges an action on the application by the table of its channel: see
// MoveApplication.
func (a *Application) Move(act Action, by Actor) (ApplicationStatus, error) {
	return move(MovesOf(a.Declaration.Channel), a.Status, act, by)
}

func move(table []Move, from ApplicationStatus, act Action, by Actor) (ApplicationStatus, error) {
	ever := false
	for _, m := range table {
		if m.Action != act || !slices.Contains(m.By, by) {
			continue
		}
		ever = true
		if slices.Contains(m.From, from) {
			if m.To == "" {
				return from, nil
			}
			return m.To, nil
		}
	}
	if !ever {
		return from, Refuse(Forbidden, "error.forbidden")
	}
	return from, Refuse(Conflict, "error.application.state", "action", string(act), "status", string(from))
}
