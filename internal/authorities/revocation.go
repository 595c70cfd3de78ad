package authorities

import (
	"slices"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
)

// reasonHold is certificateHold of RFC 5280 §5.3.1: a suspension, never the
// cause of a revocation.
const reasonHold = 6

// RevocationCause finds a cause by its code.
func (p *Pack) RevocationCause(code string) (RevocationCause, bool) {
	i := slices.IndexFunc(p.Revocation, func(c RevocationCause) bool { return c.Code == code })
	if i < 0 {
		return RevocationCause{}, false
	}
	return p.Revocation[i], true
}

// Causes are those that a certificate can be revoked for.
func (p *Pack) Causes() []RevocationCause {
	return slices.DeleteFunc(slices.Clone(p.Revocation), func(c RevocationCause) bool { return c.RFC5280 == reasonHold })
}

// RevokeHours is how long a report may wait: what the authority promises, or
// else registry.ReportHours (UB-28, A-13).
func (p *Pack) RevokeHours() int {
	if p.Times.RevokeHours <= 0 {
		return registry.ReportHours
	}
	return p.Times.RevokeHours
}

// RevokeBy is when a certificate must be out of use at the latest after a
// report: by the clock, over holidays.
func (p *Pack) RevokeBy(reportedAt time.Time) time.Time {
	return reportedAt.Add(time.Duration(p.RevokeHours()) * time.Hour)
}

// ReissueCause is why the old certificate of a reissue is revoked at once
// (UB-21…25, UB-27); ok is false where it is not: it has expired, or is
// revoked already.
func (p *Pack) ReissueCause(f registry.Facts, reportedAt time.Time) (c RevocationCause, ok bool) {
	if !p.MustRevokeOld(f, reportedAt) {
		return RevocationCause{}, false
	}
	r, _ := p.reason(f)
	return p.RevocationCause(r.Cause)
}
