package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/store/storetest"
)

func TestStatementOfAPeriod(t *testing.T) {
	day := time.Date(2026, 4, 2, 0, 0, 0, 0, time.UTC)
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		var org registry.OrganisationID
		var ids []registry.EntryID
		err := s.Write(context.Background(), func(tx *store.Tx) (err error) {
			if org, err = tx.SaveOrganisation(organisation(), day); err != nil {
				return err
			}
			for i, e := range []registry.Entry{
				{Kind: registry.EntryTopUp, Amount: 500, Reference: "1", Way: registry.CashDesk},
				{Kind: registry.EntryTopUp, Amount: 300, Reference: "2", Way: registry.CashDesk},
				{Kind: registry.EntryCorrection, Amount: -300, Note: "wrong"},
				{Kind: registry.EntryTopUp, Amount: 70, Reference: "3", Way: registry.CashDesk},
			} {
				e.OrganisationID, e.CreatedAt = org, day.AddDate(0, 0, i)
				if e.Kind == registry.EntryCorrection {
					e.Corrects = ids[1]
				}
				id, err := tx.AddAccountEntry(e)
				if err != nil {
					return err
				}
				ids = append(ids, id)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		err = s.Read(context.Background(), func(tx *store.Tx) error {
			for _, tc := range []struct {
				from, to              int
				opening, in, out, end registry.Tyiyn
			}{{0, 9, 0, 870, 300, 570}, {1, 3, 500, 300, 300, 500}, {3, 4, 500, 70, 0, 570}, {8, 9, 570, 0, 0, 570}, {-9, 0, 0, 0, 0, 0}} {
				from, to := day.AddDate(0, 0, tc.from), day.AddDate(0, 0, tc.to)
				opening, err := tx.BalanceAt(org, from)
				if err != nil {
					return err
				}
				end, err := tx.BalanceAt(org, to)
				if err != nil {
					return err
				}
				in, out, err := tx.Turnover(org, from, to)
				if err != nil {
					return err
				}
				if opening != tc.opening || in != tc.in || out != tc.out || end != tc.end || opening+in-out != end {
					t.Errorf("days %d to %d: %d + %d - %d = %d", tc.from, tc.to, opening, in, out, end)
				}
			}
			undone, err := tx.Corrected(ids)
			if len(undone) != 1 || !undone[ids[1]] {
				t.Errorf("undone: %v", undone)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestWaitingFor(t *testing.T) {
	day := time.Date(2026, 4, 2, 0, 0, 0, 0, time.UTC)
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		err := s.Write(context.Background(), func(tx *store.Tx) error {
			id, err := tx.AddOperator(registry.Operator{
				Person: registry.PersonRequisites{PersonalNumber: "20111199000011"}, Role: registry.Administrator, Office: "BISHKEK", Language: registry.Kyrgyz,
			}, day)
			if err != nil {
				return err
			}
			org, err := tx.SaveOrganisation(organisation(), day)
			if err != nil {
				return err
			}
			for _, status := range []registry.TopUpStatus{registry.TopUpPending, registry.TopUpConfirmed} {
				if _, err := tx.AddTopUp(registry.TopUp{
					OrganisationID: org, Amount: 1, Reference: string(status), PaidOn: "2026-04-01", Way: registry.CashDesk, Status: status, CreatedBy: id, CreatedAt: day,
				}); err != nil {
					return err
				}
			}
			_, err = tx.AddProposal(store.Proposal{Kind: "prices", Payload: "{}", ProposedBy: id, ProposedAt: day})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		for role, want := range map[registry.Role]store.Waiting{
			registry.Clerk: {TopUps: 1}, registry.Approver: {TopUps: 1}, registry.Administrator: {Proposals: 1}, registry.Auditor: {},
		} {
			err := s.Read(context.Background(), func(tx *store.Tx) error {
				got, err := tx.WaitingFor(role, day)
				if got != want {
					t.Errorf("%s: %+v, want %+v", role, got, want)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	})
}
