package handlers

import (
	"net/http"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/workflow"
)

// uploadLimit is the largest upload: a file of the greatest size, or several
// smaller ones. It is below the 32 MiB from which the form's parser would put
// the files, unencrypted, on disk.
const uploadLimit = workflow.MaxFileSize + 10<<20

// intakeRoutes are taking in applications and their documents, on both sides
// of the counter.
func (s *Server) intakeRoutes() []route {
	const get, post = http.MethodGet, http.MethodPost
	readers, clerk := Operator(registry.Clerk, registry.Approver, registry.Auditor), Operator(registry.Clerk)
	assigners := Operator(registry.Clerk, registry.Approver)
	return []route{
		{Method: get, Path: "/worklist", Access: readers, Handle: s.worklist},
		{Method: get, Path: "/organisations", Access: readers, Handle: s.organisations},
		{Method: get, Path: "/organisations/:inn", Access: readers, Handle: s.organisation},
		{Method: post, Path: "/organisations/:inn/holders", Access: Operator(registry.Approver), Handle: s.holderAttach},
		{Method: post, Path: "/organisations/:inn/holders/detach", Access: assigners, Handle: s.holderDetach},

		{Method: get, Path: "/applications/new", Access: clerk, Handle: s.applicationNew},
		{Method: post, Path: "/applications/save", Access: clerk, Handle: s.applicationSave},
		{Method: post, Path: "/applications/draft", Access: clerk, Handle: s.applicationDraft},
		{Method: post, Path: "/applications/submit", Access: clerk, Handle: s.applicationSubmit},
		{Method: post, Path: "/applications/fill", Access: clerk, Handle: s.applicationFill},
		{Method: post, Path: "/applications/list", Access: clerk, Handle: s.applicationList},
		{Method: get, Path: "/applications/:number", Access: readers, Handle: s.application},
		{Method: get, Path: "/applications/:number/forms/:form", Access: clerk, Handle: s.filledForm},
		{Method: get, Path: "/applications/:number/edit", Access: clerk, Handle: s.applicationEdit},
		{Method: post, Path: "/applications/:number/take", Access: clerk, Handle: s.applicationTake},
		{Method: post, Path: "/applications/:number/give-back", Access: clerk, Handle: s.applicationGiveBack},
		{Method: post, Path: "/applications/:number/assign", Access: assigners, Handle: s.applicationAssign},
		{Method: post, Path: "/applications/:number/ask", Access: clerk, Handle: s.applicationAsk},
		{Method: post, Path: "/applications/:number/resume", Access: clerk, Handle: s.applicationResume},
		{Method: post, Path: "/applications/:number/verify", Access: clerk, Handle: s.applicationVerify},
		{Method: post, Path: "/applications/:number/demand", Access: clerk, Handle: s.applicationDemand},
		{Method: post, Path: "/applications/:number/discard", Access: clerk, Handle: s.applicationDiscard},
		{Method: post, Path: "/applications/:number/link", Access: clerk, Handle: s.applicationLink},

		{Method: post, Path: "/documents/:id/files", Access: clerk, Handle: s.documentUpload, Limit: uploadLimit},
		{Method: post, Path: "/documents/:id/accept", Access: clerk, Handle: s.documentAccept},
		{Method: post, Path: "/documents/:id/reject", Access: clerk, Handle: s.documentReject},
		{Method: post, Path: "/documents/:id/waive", Access: clerk, Handle: s.documentWaive},
		{Method: post, Path: "/documents/:id/reopen", Access: clerk, Handle: s.documentReopen},
		{Method: post, Path: "/documents/:id/receive", Access: clerk, Handle: s.documentReceive},
		{Method: post, Path: "/documents/:id/link", Access: clerk, Handle: s.documentLink},
		{Method: get, Path: "/files/:id", Access: readers, Handle: s.file},
		{Method: post, Path: "/files/:id", Access: Operator(registry.Auditor), Handle: s.fileForPurpose},
		{Method: post, Path: "/files/:id/remove", Access: clerk, Handle: s.fileRemove},

		{Method: get, Path: "/track", Access: Public(), Handle: s.track},
		{Method: post, Path: "/track", Access: Public(), Handle: s.trackEnter, Slow: true},
		{Method: get, Path: "/track/:token", Access: Public(), Handle: s.trackLink, Slow: true},
		{Method: get, Path: "/application", Access: Applicant(), Handle: s.applicant},
		{Method: post, Path: "/application/documents/:id", Access: Applicant(), Handle: s.applicantUpload, Limit: uploadLimit},
		{Method: post, Path: "/application/withdraw", Access: Applicant(), Handle: s.applicantWithdraw},
	}
}
