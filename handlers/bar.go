package handlers

import (
	"context"
	"time"

	"github.com/tamga-ca/tamga/internal/authorities"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
)

// barOf is what the bar shows beside the name: a holder's organisation and
// balance (LG-14), an operator's office, the counts of the menu.
func barOf(ctx context.Context, st *store.Store, pack *authorities.Pack, now time.Time, l registry.Language, id Identity) (b Bar, err error) {
	err = st.Read(ctx, func(tx *store.Tx) error {
		switch id.Kind {
		case HolderSession:
			return holderBar(tx, pack, now, l, id, &b)
		case OperatorSession:
			return operatorBar(tx, pack, now, l, id, &b)
		}
		return nil
	})
	return b, err
}

func holderBar(tx *store.Tx, pack *authorities.Pack, now time.Time, l registry.Language, id Identity, b *Bar) error {
	org, err := tx.Organisation(id.OrganisationID)
	if err != nil {
		return err
	}
	balance, err := tx.Balance(id.OrganisationID)
	b.Name, b.Line = org.FullName(l), templates.Money(string(l), balance)
	if err != nil || registry.DaysLeft(id.CertEnds, now) > pack.Times.ReminderDays[0] {
		return err
	}
	renewed, err := tx.Renewed(id.Serial)
	if err == nil && !renewed {
		b.Ends = id.CertEnds
	}
	return err
}

func operatorBar(tx *store.Tx, pack *authorities.Pack, now time.Time, l registry.Language, id Identity, b *Bar) error {
	me, err := tx.Operator(id.OperatorID)
	if err != nil {
		return err
	}
	if o, ok := pack.Office(me.Office); ok {
		b.Line = o.Name.In(l)
	}
	w, err := tx.WaitingFor(id.Role, now)
	b.Counts = map[string]MenuCount{
		"/worklist":      {N: w.Open, Late: w.Overdue > 0},
		"/queue":         {N: w.Orders, Late: w.LateOrders > 0},
		"/decisions":     {N: w.Decisions + w.Failed, Late: w.Failed > 0},
		"/top-ups":       {N: w.TopUps},
		"/addresses":     {N: w.Addresses},
		"/data-requests": {N: w.DataRequests, Late: w.LateData > 0},
		"/proposals":     {N: w.Proposals},
		"/letters":       {N: w.DeadLetters, Late: w.DeadLetters > 0},
		"/ca-refusals":   {N: w.Refusals, Late: w.Refusals > 0},
	}
	if err != nil || w.Reports == 0 {
		return err
	}
	first, err := tx.OpenReports(1)
	if err != nil || len(first) == 0 {
		return err
	}
	r := first[0]
	share := r.ClockShare(now)
	b.Counts["/revocations"] = MenuCount{N: w.Reports, Late: share >= registry.Escalations[0]}
	if share >= registry.Escalations[0] {
		b.Report, b.ReportShare = r, share
	}
	return nil
}
