package handlers

import (
	"net/http"

	"github.com/tamga-ca/tamga/internal/registry"
)

// revocationRoutes are reports and the decisions on them, on both sides of the
// counter.
func (s *Server) revocationRoutes() []route {
	const get, post = http.MethodGet, http.MethodPost
	readers := Operator(registry.Clerk, registry.Approver, registry.Auditor)
	reporters, approver := Operator(registry.Clerk, registry.Approver), Operator(registry.Approver)
	overseers := Operator(registry.Approver, registry.Auditor)
	clerk, admin := Operator(registry.Clerk), Operator(registry.Administrator)
	return []route{
		{Method: get, Path: "/revocations", Access: readers, Handle: s.revocations},
		{Method: post, Path: "/revocations", Access: reporters, Handle: s.reportSave},
		{Method: get, Path: "/revocations/new", Access: reporters, Handle: s.reportNew},
		{Method: get, Path: "/revocations/keys", Access: overseers, Handle: s.blockedKeys},
		{Method: post, Path: "/revocations/keys", Access: approver, Handle: s.blockedKeyAdd},
		{Method: get, Path: "/revocations/bulk", Access: overseers, Handle: s.batches},
		{Method: post, Path: "/revocations/bulk", Access: approver, Handle: s.batchPropose},
		{Method: get, Path: "/revocations/bulk/preview.csv", Access: approver, Handle: s.batchPreviewCSV},
		{Method: get, Path: "/revocations/bulk/:number", Access: overseers, Handle: s.batch},
		{Method: get, Path: "/revocations/bulk/:number/report.csv", Access: overseers, Handle: s.batchCSV},
		{Method: post, Path: "/revocations/bulk/:number/text", Access: approver, Handle: s.batchText},
		{Method: post, Path: "/revocations/bulk/:number/sign", Access: approver, Handle: s.batchSign, Slow: true},
		{Method: post, Path: "/revocations/bulk/:number/reject", Access: approver, Handle: s.batchReject},
		{Method: get, Path: "/revocations/:number", Access: readers, Handle: s.report},
		{Method: post, Path: "/revocations/:number/suspend", Access: reporters, Handle: s.reportSuspend},
		{Method: post, Path: "/revocations/:number/text", Access: approver, Handle: s.reportText},
		{Method: post, Path: "/revocations/:number/sign", Access: approver, Handle: s.reportSign, Slow: true},

		{Method: get, Path: "/reissue", Access: clerk, Handle: s.reissueStart},
		{Method: post, Path: "/reissue", Access: clerk, Handle: s.reissueBegin},
		{Method: get, Path: "/cabinet/certificates/:serial/reissue", Access: Holder(), Handle: s.cabinetReissue},
		{Method: post, Path: "/cabinet/certificates/:serial/reissue", Access: Holder(), Handle: s.cabinetReissueBegin},

		{Method: get, Path: "/revoke", Access: Public(), Handle: s.emergency},
		{Method: post, Path: "/revoke", Access: Public(), Handle: s.emergencyPost, Slow: true},
		{Method: get, Path: "/cabinet/certificates/:serial/stop", Access: Holder(), Handle: s.stop},
		{Method: post, Path: "/cabinet/certificates/:serial/suspend", Access: Holder(), Handle: s.stopSuspend},
		{Method: post, Path: "/cabinet/certificates/:serial/text", Access: Holder(), Handle: s.stopText},
		{Method: post, Path: "/cabinet/certificates/:serial/revoke", Access: Holder(), Handle: s.stopRevoke, Slow: true},

		{Method: get, Path: "/ca-refusals", Access: admin, Handle: s.caRefusals},
		{Method: post, Path: "/ca-refusals/retry", Access: admin, Handle: s.caRefusalsRetry},
	}
}
