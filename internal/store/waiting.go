package store

import (
	"strconv"
	"strings"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
)

// Waiting is how much waits for people of a role, each at most MaxCount.
type Waiting struct {
	Open, Overdue int // applications, for clerks
	Decisions     int // verified, for approvers
	Orders        int // remote orders that do not wait for money, for clerks
	LateOrders    int // of these, whose seven days are over
	Failed        int // certificates that could not be made, for approvers
	Addresses     int // e-mail addresses to confirm, for clerks and administrators
	TopUps        int // large ones, for clerks and approvers
	Proposals     int // for administrators
	DeadLetters   int // for administrators
	Reports       int // of certificates not to be used, for clerks and approvers
	DataRequests  int // of people for their own data, for clerks and approvers
	LateData      int // of these, whose week is over
	Refusals      int // revocations that the CA will not take, for administrators
}

// WaitingFor counts for the menu what waits for a role: every count ends in an
// index, after MaxCount rows.
func (tx *Tx) WaitingFor(role registry.Role, now time.Time) (w Waiting, err error) {
	var parts []string
	var args []any
	var into []*int
	add := func(n *int, from string, a ...any) {
		i := strconv.Itoa(len(parts))
		parts = append(parts, `SELECT `+i+` AS place, COUNT(*) AS n FROM (SELECT 1 AS one FROM `+from+` LIMIT `+strconv.Itoa(MaxCount)+`) AS rows`+i)
		into, args = append(into, n), append(args, a...)
	}
	switch role {
	case registry.Clerk:
		add(&w.Open, `applications WHERE is_open AND `+handedIn+` ORDER BY queue_at, id`)
		add(&w.Overdue, `applications WHERE is_open AND `+handedIn+` AND queue_at <= ? ORDER BY queue_at, id`, now)
		add(&w.Orders, `applications WHERE order_rank IN (0, 1) ORDER BY due_at, id`)
		add(&w.LateOrders, `applications WHERE order_rank IN (0, 1) AND due_at < ? ORDER BY due_at, id`, now)
		add(&w.Addresses, `ecloud_activations`+unconfirmed, now)
		add(&w.TopUps, `top_ups WHERE status = 'pending' ORDER BY id`)
		add(&w.Reports, `revocation_reports WHERE status = 'received'`)
		add(&w.DataRequests, `data_requests WHERE status = 'received'`)
		add(&w.LateData, `data_requests WHERE status = 'received' AND due_at < ?`, now)
	case registry.Approver:
		add(&w.Decisions, `applications WHERE status = 'verified' ORDER BY queue_at, id`)
		add(&w.Failed, `enrolments WHERE status = 'failed'`)
		add(&w.TopUps, `top_ups WHERE status = 'pending' ORDER BY id`)
		add(&w.Reports, `revocation_reports WHERE status = 'received'`)
		add(&w.DataRequests, `data_requests WHERE status = 'received'`)
		add(&w.LateData, `data_requests WHERE status = 'received' AND due_at < ?`, now)
	case registry.Administrator:
		add(&w.Addresses, `ecloud_activations`+unconfirmed, now)
		add(&w.Proposals, `proposals WHERE status = 'open'`)
		add(&w.DeadLetters, `outbox WHERE status = 'dead'`)
		add(&w.Refusals, `certificates WHERE status = 'revoked' AND NOT ca_told AND ca_refusal <> ''`)
	default:
		return w, nil
	}
	var rows []struct{ Place, N int }
	if err := tx.query(&rows, strings.Join(parts, " UNION ALL "), args...); err != nil {
		return w, err
	}
	for _, r := range rows {
		*into[r.Place] = r.N
	}
	return w, nil
}
