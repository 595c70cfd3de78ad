package store_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tamga-ca/tamga/internal/journal"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/store/storetest"
)

// searchable is a register as a test knows it.
type searchable struct {
	certs   []*registry.Certificate
	changes map[registry.CertificateID][]registry.StatusChange
	reports map[registry.CertificateID][]*registry.Report
	org     map[registry.CertificateID]int
	orgs    []registry.OrganisationRequisites
	clerks  []registry.OperatorID
}

func populate(t *testing.T, s *store.Store, n int) *searchable {
	t.Helper()
	r := rand.New(rand.NewPCG(7, 11))
	d := &searchable{changes: map[registry.CertificateID][]registry.StatusChange{}, reports: map[registry.CertificateID][]*registry.Report{}, org: map[registry.CertificateID]int{}}
	write(t, s, func(tx *store.Tx) error {
		for i := range 2 {
			id, err := tx.AddOperator(registry.Operator{Person: registry.PersonRequisites{PersonalNumber: registry.PersonalNumber(fmt.Sprintf("2011119900000%d", i))}, Role: registry.Clerk, Office: "OSH", Language: registry.Kyrgyz}, at)
			if err != nil {
				return err
			}
			d.clerks = append(d.clerks, id)
		}
		var orgs []registry.OrganisationID
		for i := range 4 {
			o := organisation()
			o.INN, o.NameRu, o.NameKy = registry.INN(fmt.Sprintf("0050320171000%d", i)), fmt.Sprintf("Керемет %c", 'А'+i), fmt.Sprintf("Керемет %c", 'А'+i)
			id, err := tx.SaveOrganisation(o, at)
			if err != nil {
				return err
			}
			orgs, d.orgs = append(orgs, id), append(d.orgs, o)
		}
		names := []string{"Асанова Гүлнара", "Жумалиева Айпери", "Өмүров Тимур"}
		var all []*registry.Certificate
		for i := range n {
			issued := at.Add(time.Duration(r.IntN(n)) * 24 * time.Hour)
			from := issued.Add(time.Duration(r.IntN(3)) * 24 * time.Hour)
			all = append(all, &registry.Certificate{
				Serial: serialOf(i), Profile: registry.HolderProfile, OrganisationID: orgs[i%4], PersonalNumber: registry.PersonalNumber(fmt.Sprintf("1140519810000%d", i%3)),
				HolderName: names[i%3], Role: registry.Head, Storage: []registry.Storage{registry.ECloud, registry.Rutoken}[r.IntN(2)], NotBefore: from, NotAfter: from.AddDate(0, 1, 0),
				DER: []byte{0x30, byte(i)}, SHA256: fmt.Sprintf("%064d", i), PublicKeyHash: fmt.Sprintf("%064d", i), IssuedAt: issued,
			})
		}
		if err := tx.AddCertificates(all); err != nil {
			return err
		}
		for i, c := range all {
			d.certs, d.org[c.ID] = append(d.certs, c), i%4
		}
		return nil
	})
	for i, c := range d.certs {
		if i%3 != 0 {
			continue
		}
		d.history(t, s, r, i, c)
	}
	return d
}

// history gives a certificate a report, and what became of it.
func (d *searchable) history(t *testing.T, s *store.Store, r *rand.Rand, i int, c *registry.Certificate) {
	t.Helper()
	when := c.IssuedAt.Add(time.Duration(1+r.IntN(20)) * 24 * time.Hour)
	rep := &registry.Report{
		Number: fmt.Sprintf("R-%d", i), CertificateID: c.ID, Status: registry.ReportReceived, Way: registry.ReportWays[r.IntN(3)], Cause: []string{"device_lost", "device_stolen"}[r.IntN(2)],
		Code: []int{1, 4}[r.IntN(2)], Reporter: "x", ReportedAt: when, DueAt: when.Add(time.Hour), CreatedAt: when, CreatedBy: d.clerks[r.IntN(2)], Version: 1,
	}
	change := func(tx *store.Tx, from, to registry.CertificateStatus, reason int, at time.Time) error {
		d.changes[c.ID] = append(d.changes[c.ID], registry.StatusChange{Status: to, At: at, Reason: reason})
		return tx.SetCertificateStatus(c.ID, from, to, reason, at)
	}
	write(t, s, func(tx *store.Tx) (err error) {
		if rep.ID, err = tx.AddReport(*rep); err != nil {
			return err
		}
		if err := change(tx, registry.CertIssued, registry.CertSuspended, 6, when); err != nil {
			return err
		}
		switch r.IntN(3) {
		case 0:
			return nil
		case 1:
			rep.Status = registry.ReportLifted
			err = change(tx, registry.CertSuspended, registry.CertIssued, 0, when.Add(time.Hour))
		default:
			rep.Status = registry.ReportRevoked
			err = change(tx, registry.CertSuspended, registry.CertRevoked, rep.Code, when.Add(time.Hour))
		}
		if err != nil {
			return err
		}
		done := when.Add(time.Hour)
		rep.ConcludedAt = &done
		return tx.SaveReport(rep)
	})
	d.reports[c.ID] = append(d.reports[c.ID], rep)
}

// want is what a search must find, by looking at every certificate.
func (d *searchable) want(f store.CertificateSearch) (out []registry.CertificateID) {
	type row struct {
		id registry.CertificateID
		at time.Time
	}
	var rows []row
	within := func(date store.CertificateDate, dates []time.Time) (latest time.Time, ok bool) {
		b := f.Dates[date]
		for _, x := range dates {
			if !x.Before(b.From) && (b.To.IsZero() || x.Before(b.To)) && x.After(latest) {
				latest, ok = x, true
			}
		}
		return latest, ok
	}
	for _, c := range d.certs {
		dates := map[store.CertificateDate][]time.Time{store.DateIssued: {c.IssuedAt}, store.DateBegins: {c.NotBefore}, store.DateEnds: {c.NotAfter}}
		match := (f.Storage == "" || c.Storage == f.Storage) && (f.INN == "" || d.orgs[d.org[c.ID]].INN == f.INN) &&
			(f.Serial == "" || strings.HasPrefix(string(c.Serial), string(f.Serial))) &&
			(f.Person == "" || strings.Contains(registry.Fold(c.HolderName), registry.Fold(f.Person)) || string(c.PersonalNumber) == f.Person) &&
			(f.State == "" || c.StateAt(f.At, d.changes[c.ID]) == f.State) && f.Channel == "" && f.Office == ""
		if n := len(d.changes[c.ID]); n > 0 && d.changes[c.ID][n-1].Status == registry.CertRevoked {
			dates[store.DateRevoked] = []time.Time{d.changes[c.ID][n-1].At}
		}
		way, cause, code, by := f.Way == "", f.Cause == "", f.Code == "", f.Operator == 0
		for _, r := range d.reports[c.ID] {
			way, cause, by = way || r.Way == f.Way, cause || r.Cause == f.Cause, by || r.CreatedBy == f.Operator
			code = code || strconv.Itoa(r.Code) == f.Code
			dates[store.DateReported] = append(dates[store.DateReported], r.ReportedAt)
			if r.ConcludedAt != nil {
				dates[store.DateDecided] = append(dates[store.DateDecided], *r.ConcludedAt)
			}
		}
		for _, ch := range d.changes[c.ID] {
			code = code || ch.Status != registry.CertIssued && strconv.Itoa(ch.Reason) == f.Code
			if ch.Status == registry.CertSuspended {
				dates[store.DateSuspended] = append(dates[store.DateSuspended], ch.At)
			}
		}
		match = match && way && cause && code && by
		for date := range f.Dates {
			_, ok := within(date, dates[date])
			match = match && ok
		}
		order := f.Order
		if order == "" {
			order = store.DateIssued
		}
		if at, ok := within(order, dates[order]); ok && match {
			rows = append(rows, row{c.ID, at})
		}
	}
	slices.SortStableFunc(rows, func(a, b row) int { return b.at.Compare(a.at) })
	for _, r := range rows {
		out = append(out, r.id)
	}
	return out
}

// Every combination of conditions, in every order, finds exactly what looking
// at every certificate finds; in pages of three, and looking at few rows a
// page, so that most searches go on from a place where nothing was found.
func TestSearchFindsWhatIsThere(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		d := populate(t, s, 45)
		r := rand.New(rand.NewPCG(3, 5))
		maybe := func(n int) bool { return r.IntN(n) == 0 }
		moment := func() time.Time { return at.Add(time.Duration(r.IntN(60*24)) * time.Hour) }
		for range 400 {
			f := store.CertificateSearch{Dates: map[store.CertificateDate]store.Between{}, Limit: 3, Look: []int{4, 4, 20, 5000}[r.IntN(4)]}
			f.Order = store.CertificateDates[r.IntN(7)] // nothing is public here
			if maybe(4) {
				f.Storage = registry.ECloud
			}
			if maybe(5) {
				f.INN = d.orgs[r.IntN(4)].INN
			}
			if maybe(5) {
				f.Person = []string{"өмүров", "Асанова Гульнара", "Гүлнара", "11405198100001"}[r.IntN(4)]
			}
			if maybe(5) {
				f.Way = registry.ReportWays[r.IntN(3)]
			}
			if maybe(6) {
				f.Cause = "device_lost"
			}
			if maybe(6) {
				f.Code = "6"
			}
			if maybe(6) {
				f.Operator = d.clerks[0]
			}
			if maybe(8) {
				f.Serial = serialOf(r.IntN(45))[:31]
			}
			if maybe(3) {
				f.State, f.At = registry.CertificateStates[r.IntN(6)], moment()
			}
			for _, date := range store.CertificateDates[:7] {
				if maybe(6) {
					from := moment()
					f.Dates[date] = store.Between{From: from, To: from.AddDate(0, 0, 20)}
				}
			}
			want := d.want(f)
			var got []registry.CertificateID
			read(t, s, func(tx *store.Tx) error {
				for range 100 {
					found, err := tx.SearchCertificates(f)
					if err != nil {
						return err
					}
					if f.After == (store.SearchPlace{}) && (found.Exact && found.Total != len(want) || found.Total > len(want)) {
						t.Errorf("%+v: a total of %d, exact %v; there are %d", f, found.Total, found.Exact, len(want))
					}
					got = append(got, found.IDs...)
					if !found.More {
						return nil
					}
					f.After = found.Next
				}
				t.Errorf("%+v: the pages do not end", f)
				return nil
			})
			same := slices.Equal(got, want)
			if !same { // of the same instant the order is the row's
				a, b := slices.Clone(got), slices.Clone(want)
				slices.Sort(a)
				slices.Sort(b)
				same = slices.Equal(a, b)
			}
			if !same {
				t.Fatalf("%+v\nfound %v\nwant  %v", f, got, want)
			}
		}
	})
}

// Each transition, at the instant itself, a microsecond before and after: the
// search, the lines and the registry agree.
func TestStateAtAPastInstant(t *testing.T) {
	issued, begins := at.UTC().Truncate(time.Microsecond), at.UTC().Truncate(time.Microsecond).Add(time.Hour)
	ends := begins.AddDate(1, 0, 0)
	hold, lift, revoke := begins.Add(time.Hour), begins.Add(2*time.Hour), begins.Add(3*time.Hour)
	const us = time.Microsecond
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ids := make([]registry.CertificateID, 2)
		write(t, s, func(tx *store.Tx) error {
			org, err := tx.SaveOrganisation(organisation(), at)
			if err != nil {
				return err
			}
			for i := range ids {
				if ids[i], err = tx.AddCertificate(registry.Certificate{
					Serial: serialOf(i), Profile: registry.HolderProfile, OrganisationID: org, PersonalNumber: "11405198100001", HolderName: "Асанова", Role: registry.Head,
					Storage: registry.ECloud, NotBefore: begins, NotAfter: ends, DER: []byte{0x30, byte(i)}, SHA256: fmt.Sprintf("%064d", i), PublicKeyHash: fmt.Sprintf("%064d", i), IssuedAt: issued,
				}); err != nil {
					return err
				}
			}
			return firstErr(
				tx.SetCertificateStatus(ids[0], registry.CertIssued, registry.CertSuspended, 6, hold),
				tx.SetCertificateStatus(ids[0], registry.CertSuspended, registry.CertIssued, 0, lift),
				tx.SetCertificateStatus(ids[0], registry.CertIssued, registry.CertRevoked, 1, revoke),
			)
		})
		for _, c := range []struct {
			cert int
			at   time.Time
			want registry.CertificateState
		}{
			{0, issued.Add(-us), registry.StateUnissued},
			{0, issued, registry.StateNotYet},
			{0, begins.Add(-us), registry.StateNotYet},
			{0, begins, registry.StateValid},
			{0, hold.Add(-us), registry.StateValid},
			{0, hold, registry.StateSuspended},
			{0, lift.Add(-us), registry.StateSuspended},
			{0, lift, registry.StateValid},
			{0, revoke.Add(-us), registry.StateValid},
			{0, revoke, registry.StateRevoked},
			{0, revoke.Add(us), registry.StateRevoked},
			{0, ends.Add(us), registry.StateRevoked},
			{1, revoke, registry.StateValid},
			{1, ends, registry.StateValid},
			{1, ends.Add(us), registry.StateEnded},
		} {
			read(t, s, func(tx *store.Tx) error {
				lines, err := tx.CertificateLines(ids[c.cert:c.cert+1], c.at, c.at)
				if err != nil {
					return err
				}
				if lines[0].StateAt != c.want {
					t.Errorf("certificate %d at %s: %s, not %s", c.cert, c.at, lines[0].StateAt, c.want)
				}
				for _, state := range registry.CertificateStates {
					for _, order := range []store.CertificateDate{store.DateIssued, store.DateBegins, store.DateEnds} {
						found, err := tx.SearchCertificates(store.CertificateSearch{State: state, At: c.at, Order: order, Limit: 10})
						if err != nil {
							return err
						}
						if slices.Contains(found.IDs, ids[c.cert]) != (state == c.want) {
							t.Errorf("certificate %d at %s: a search for %s by %s finds %v", c.cert, c.at, state, order, found.IDs)
						}
					}
				}
				return nil
			})
		}
	})
}

// A suspension is found at each instant of it, however long it held, and while
// it holds.
func TestStateAtWithinALongSuspension(t *testing.T) {
	const day = 24 * time.Hour
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ids := addCertificates(t, s, 3)
		began := at.Add(day)
		ends := map[int]time.Duration{0: 2 * day, 1: 40 * day} // the third still holds
		write(t, s, func(tx *store.Tx) error {
			for i, id := range ids {
				if err := tx.SetCertificateStatus(id, registry.CertIssued, registry.CertSuspended, 6, began); err != nil {
					return err
				}
				if held, over := ends[i]; over {
					if err := tx.SetCertificateStatus(id, registry.CertSuspended, registry.CertIssued, 0, began.Add(held)); err != nil {
						return err
					}
				}
			}
			return nil
		})
		for after, want := range map[time.Duration][]int{
			-time.Hour: nil, 0: {0, 1, 2}, day: {0, 1, 2}, 2 * day: {1, 2}, 31 * day: {1, 2}, 35 * day: {1, 2}, 40 * day: {2}, 300 * day: {2},
		} {
			read(t, s, func(tx *store.Tx) error {
				found, err := tx.SearchCertificates(store.CertificateSearch{State: registry.StateSuspended, At: began.Add(after), Limit: 10})
				if err != nil {
					return err
				}
				var expected []registry.CertificateID
				for _, i := range want {
					expected = append(expected, ids[i])
				}
				slices.Sort(found.IDs)
				if !slices.Equal(found.IDs, expected) {
					t.Errorf("%s after the beginning: %v, want %v", after, found.IDs, expected)
				}
				return nil
			})
		}
	})
}

func firstErr(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// When the world could first know is the earlier of the first answer and the
// first list, and a search goes by it.
func TestSearchByWhenTheWorldKnew(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ids := addCertificates(t, s, 2)
		write(t, s, func(tx *store.Tx) error {
			for i, id := range ids {
				if err := tx.SetCertificateStatus(id, registry.CertIssued, registry.CertRevoked, 1, at.Add(time.Duration(i)*time.Minute)); err != nil {
					return err
				}
			}
			waiting, err := tx.UnansweredChanges(10)
			if err != nil {
				return err
			}
			if err := tx.ChangeAnswered(waiting[1].ID, at.Add(3*time.Minute), []byte{1}); err != nil {
				return err
			}
			number, last, _, err := tx.ReserveCRL(at, time.Minute)
			if err != nil {
				return err
			}
			if err := tx.AddCRL(registry.CRL{Number: number, Source: registry.CRLOwn, ThisUpdate: at, NextUpdate: at.Add(time.Hour), MadeAt: at.Add(5 * time.Minute), SHA256: fmt.Sprintf("%064d", 1), DER: []byte{1}}, last,
				[]int64{waiting[0].ID, waiting[1].ID}); err != nil {
				return err
			}
			return tx.ChangeAnswered(waiting[0].ID, at.Add(7*time.Minute), []byte{1})
		})
		read(t, s, func(tx *store.Tx) error {
			found, err := tx.SearchCertificates(store.CertificateSearch{Order: store.DatePublic, Limit: 10})
			if err != nil || !slices.Equal(found.IDs, []registry.CertificateID{ids[0], ids[1]}) {
				t.Errorf("%+v %v", found, err)
			}
			found, err = tx.SearchCertificates(store.CertificateSearch{
				Dates: map[store.CertificateDate]store.Between{store.DatePublic: {To: at.Add(4 * time.Minute)}}, Limit: 10,
			})
			if err != nil || !slices.Equal(found.IDs, ids[1:]) || !found.Exact {
				t.Errorf("%+v %v", found, err)
			}
			lines, err := tx.CertificateLines(ids, at, at)
			if err != nil || !lines[0].PublicAt.Equal(at.Add(5*time.Minute).Truncate(time.Microsecond)) || !lines[1].PublicAt.Equal(at.Add(3*time.Minute).Truncate(time.Microsecond)) {
				t.Errorf("%+v %v", lines, err)
			}
			return nil
		})
	})
}

// The charts' figures are the same on both databases.
func TestChartsCount(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		d := populate(t, s, 30)
		from, to := at.AddDate(-1, 0, 0), at.AddDate(1, 0, 0)
		revoked, reports := 0, 0
		for _, all := range d.reports {
			for _, r := range all {
				if r.Status == registry.ReportRevoked {
					revoked++
				}
				if r.Status != registry.ReportLifted {
					reports++
				}
			}
		}
		read(t, s, func(tx *store.Tx) error {
			counts, err := tx.RevokedBetween(from, to)
			for _, n := range counts {
				revoked -= n.N
			}
			if err != nil || revoked != 0 {
				t.Errorf("%+v %v: %d are missing", counts, err, revoked)
			}
			times, err := tx.ReportTimesBetween(from, to)
			if err != nil || len(times) != reports {
				t.Errorf("%d of %d reports, %v", len(times), reports, err)
			}
			decisions, err := tx.DecisionsBetween(from, to)
			if err != nil || len(decisions) != 0 {
				t.Errorf("%+v %v", decisions, err)
			}
			if _, err := tx.ApprovedBetween(from, to); err != nil {
				t.Error(err)
			}
			_, err = tx.WaivedBetween(from, to)
			return err
		})
		write(t, s, func(tx *store.Tx) error {
			id, err := filed(tx, 1, "Керемет", registry.Approved, at, d.clerks[0])
			if err != nil {
				return err
			}
			for kind, about := range map[string]journal.Subject{
				"application.approve": {Kind: "application", ID: strconv.FormatInt(int64(id), 10)}, "batch.rejected": {Kind: "batch", ID: "B-26-0001"},
			} {
				e, _, err := journal.NewEntry(at, journal.Event{Kind: kind, Actor: journal.Actor{Kind: journal.ActorOperator, ID: "1"}, Subjects: []journal.Subject{about}})
				if err != nil {
					return err
				}
				if _, err := tx.AddEntry(e, nil); err != nil {
					return err
				}
			}
			return nil
		})
		read(t, s, func(tx *store.Tx) error {
			decisions, err := tx.DecisionsBetween(from, to)
			if err != nil || !slices.Equal(decisions, []store.DecisionCount{{ActorID: "1", Kind: "application.approve", N: 1}, {ActorID: "1", Kind: "batch.rejected", N: 1}}) {
				t.Errorf("%+v %v", decisions, err)
			}
			approved, err := tx.ApprovedBetween(from, to)
			if err != nil || len(approved) != 1 || approved[0].Channel != registry.Office {
				t.Errorf("%+v %v", approved, err)
			}
			_, err = tx.WaivedBetween(from, to)
			return err
		})
	})
}
