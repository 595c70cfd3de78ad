package store_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/store/storetest"
)

// addCertificates puts n certificates of one organisation on file; they end a
// year after at.
func addCertificates(t *testing.T, s *store.Store, n int) []registry.CertificateID {
	t.Helper()
	out := make([]registry.CertificateID, n)
	if err := s.Write(context.Background(), func(tx *store.Tx) error {
		org, err := tx.SaveOrganisation(organisation(), at)
		if err != nil {
			return err
		}
		for i := range out {
			out[i], err = tx.AddCertificate(registry.Certificate{
				Serial: serialOf(i), Profile: registry.HolderProfile, OrganisationID: org, PersonalNumber: "11405198100001", HolderName: "Асанова",
				Role: registry.Head, Storage: registry.ECloud, NotBefore: at, NotAfter: at.AddDate(1, 0, 0), DER: []byte{0x30, byte(i)},
				SHA256: fmt.Sprintf("%064d", i), PublicKeyHash: fmt.Sprintf("%064d", i), IssuedAt: at,
			})
			if err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

func serialOf(i int) registry.Serial { return registry.Serial(fmt.Sprintf("7f%030x", i)) }

func write(t *testing.T, s *store.Store, f func(*store.Tx) error) {
	t.Helper()
	if err := s.Write(context.Background(), f); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, s *store.Store, f func(*store.Tx) error) {
	t.Helper()
	if err := s.Read(context.Background(), f); err != nil {
		t.Fatal(err)
	}
}

// Every change is noted with it, and told to whoever answers in this process
// before Write returns; one that was taken back is not.
func TestStatusChangesAreFollowed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ids := addCertificates(t, s, 3)
		var told []registry.Serial
		s.OnStatusChange(func(serials []registry.Serial) { told = append(told, serials...) })
		write(t, s, func(tx *store.Tx) error {
			return tx.SetCertificateStatus(ids[0], registry.CertIssued, registry.CertSuspended, 6, at)
		})
		if err := s.Write(context.Background(), func(tx *store.Tx) error {
			return tx.SetCertificateStatus(ids[1], registry.CertSuspended, registry.CertRevoked, 1, at)
		}); registry.KindOf(err) != registry.Conflict {
			t.Errorf("a move from another status: %v", err)
		}
		write(t, s, func(tx *store.Tx) error {
			return tx.SetCertificateStatus(ids[0], registry.CertSuspended, registry.CertRevoked, 1, at.Add(time.Hour))
		})
		if !slices.Equal(told, []registry.Serial{serialOf(0), serialOf(0)}) {
			t.Errorf("told of %v", told)
		}
		read(t, s, func(tx *store.Tx) error {
			all, err := tx.StatusChanges(serialOf(0))
			if err != nil || len(all) != 2 || all[0].Status != registry.CertSuspended || all[1].Status != registry.CertRevoked || all[1].Reason != 1 {
				t.Fatalf("%+v %v", all, err)
			}
			since, err := tx.StatusChangesSince(all[0].ID, nil, 10)
			if err != nil || len(since) != 1 || since[0].ID != all[1].ID {
				t.Errorf("since the first: %+v %v", since, err)
			}
			if since, err = tx.StatusChangesSince(all[1].ID, []int64{all[0].ID, 999}, 10); err != nil || len(since) != 1 || since[0].ID != all[0].ID {
				t.Errorf("one that was left out: %+v %v", since, err)
			}
			last, err := tx.LastStatusChange()
			if err != nil || last != all[1].ID {
				t.Errorf("the last is %d, %v", last, err)
			}
			return nil
		})
		write(t, s, func(tx *store.Tx) error {
			waiting, err := tx.UnansweredChanges(10)
			if err != nil || len(waiting) != 2 {
				t.Fatalf("%+v %v", waiting, err)
			}
			for _, answer := range [][]byte{{1}, {2}} { // the first stays
				if err := tx.ChangeAnswered(waiting[1].ID, at, answer); err != nil {
					return err
				}
			}
			kept, err := tx.FirstAnswer(waiting[1].ID)
			if err != nil || len(kept) != 1 || kept[0] != 1 {
				t.Errorf("kept %v %v", kept, err)
			}
			if waiting, err = tx.UnansweredChanges(10); err != nil || len(waiting) != 1 {
				t.Errorf("%+v %v", waiting, err)
			}
			return nil
		})
	})
}

func TestStandingOfSerials(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ids := addCertificates(t, s, 2)
		write(t, s, func(tx *store.Tx) error {
			if err := tx.SetCertificateStatus(ids[1], registry.CertIssued, registry.CertRevoked, 4, at); err != nil {
				return err
			}
			if err := tx.SetInvalidSince(ids[1], at.Add(-time.Hour)); err != nil {
				return err
			}
			signer := registry.OCSPSigner{Serial: "abc", KeyID: "ocsp.1", KeyHash: strings.Repeat("a", 64), NotBefore: at, NotAfter: at.Add(time.Hour), CreatedAt: at}
			if err := tx.AddOCSPSigner(signer); err != nil {
				return err
			}
			if known, err := tx.IntentKnown("abc", signer.KeyHash); err != nil || !known {
				t.Errorf("a delegation is a stray: %v", err)
			}
			if got, err := tx.Standing("abc"); err != nil || got.Known {
				t.Errorf("a delegation that was not made: %+v %v", got, err)
			}
			if err := tx.OCSPSignerMade("abc", []byte{1}); err != nil {
				return err
			}
			if err := tx.OCSPSignerMade("abc", []byte{2}); registry.KindOf(err) != registry.Conflict {
				t.Errorf("made twice: %v", err)
			}
			all, err := tx.OCSPSigners(signer.KeyHash, at)
			if err != nil || len(all) != 1 || all[0].DER[0] != 1 || all[0].KeyID != "ocsp.1" {
				t.Errorf("%+v %v", all, err)
			}
			if all, err = tx.OCSPSigners(signer.KeyHash, at.Add(time.Hour)); err != nil || len(all) != 0 {
				t.Errorf("one that is over: %+v %v", all, err)
			}
			return nil
		})
		read(t, s, func(tx *store.Tx) error {
			for serial, want := range map[registry.Serial]registry.Standing{
				serialOf(0): {Serial: serialOf(0), Known: true, Status: registry.CertIssued},
				serialOf(1): {Serial: serialOf(1), Known: true, Status: registry.CertRevoked, Reason: 4, At: at.UTC().Truncate(time.Microsecond), InvalidSince: at.Add(-time.Hour).UTC().Truncate(time.Microsecond)},
				"abc":       {Serial: "abc", Known: true, Status: registry.CertIssued},
				"1234":      {Serial: "1234", Status: registry.CertIssued},
			} {
				if got, err := tx.Standing(serial); err != nil || got != want {
					t.Errorf("%s: %+v, want %+v, %v", serial, got, want, err)
				}
			}
			return nil
		})
	})
}

// Two makers of lists: the one who looked earlier does not publish over the
// other, and numbers are never given twice.
func TestCRLsAreNeverPublishedOverNewerOnes(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ids := addCertificates(t, s, 3)
		write(t, s, func(tx *store.Tx) error {
			return tx.SetCertificateStatus(ids[1], registry.CertIssued, registry.CertSuspended, 6, at)
		})
		list := func(n int64) registry.CRL {
			return registry.CRL{Number: n, Source: registry.CRLOwn, ThisUpdate: at, NextUpdate: at.Add(time.Hour), MadeAt: at, Entries: 1, SHA256: strings.Repeat("0", 64), DER: []byte{byte(n)}}
		}
		reserve := func(now time.Time) (number, last int64, ok bool) {
			write(t, s, func(tx *store.Tx) (err error) {
				number, last, ok, err = tx.ReserveCRL(now, time.Minute)
				return err
			})
			return number, last, ok
		}
		first, last, ok := reserve(at)
		if first != 1 || last != -1 || !ok {
			t.Fatalf("reserved %d after %d, %v", first, last, ok)
		}
		if _, _, ok := reserve(at.Add(time.Second)); ok {
			t.Error("two make a list at once")
		}
		// The first is slow; another takes over.
		second, last, ok := reserve(at.Add(2 * time.Minute))
		if second != 2 || last != -1 || !ok {
			t.Fatalf("reserved %d after %d, %v", second, last, ok)
		}
		var changes []int64
		read(t, s, func(tx *store.Tx) (err error) {
			changes, err = tx.UnlistedChanges()
			return err
		})
		write(t, s, func(tx *store.Tx) error { return tx.AddCRL(list(second), last, changes) })
		if err := s.Write(context.Background(), func(tx *store.Tx) error { return tx.AddCRL(list(first), last, changes) }); registry.KindOf(err) != registry.Conflict {
			t.Errorf("an older list was published after a newer one: %v", err)
		}
		// The clock is set back by an hour: the lease of before does not stand in
		// the way.
		third, last, ok := reserve(at.Add(2 * time.Minute))
		if third != 3 || last != 2 || !ok {
			t.Fatalf("reserved %d after %d, %v", third, last, ok)
		}
		fourth, _, ok := reserve(at.Add(-time.Hour))
		if fourth != 4 || !ok {
			t.Fatalf("reserved %d, %v", fourth, ok)
		}
		write(t, s, func(tx *store.Tx) error { return tx.AddCRL(list(fourth), 2, nil) })
		fifth, last, _ := reserve(at)
		write(t, s, func(tx *store.Tx) error { return tx.AddCRL(list(fifth), last, nil) })
		read(t, s, func(tx *store.Tx) error {
			l, err := tx.LastCRL()
			if err != nil || l.Number != 5 || l.Size != 1 {
				t.Errorf("%+v %v", l, err)
			}
			for number, there := range map[int64]bool{2: false, 4: true, 5: true} {
				if der, err := tx.CRLBytes(number); (err == nil) != there || there && der[0] != byte(number) {
					t.Errorf("bytes of list %d: %v %v", number, der, err)
				}
			}
			told, err := tx.StatusChanges(serialOf(1))
			if err != nil || told[0].CRLNumber != 2 {
				t.Errorf("told by list %d, %v", told[0].CRLNumber, err)
			}
			off := map[registry.Serial]registry.CertificateStatus{}
			for _, from := range []time.Time{at, at.AddDate(1, 0, 1)} { // expired ones leave
				clear(off)
				if err := tx.EachOff(from, func(s registry.Standing) error { off[s.Serial] = s.Status; return nil }); err != nil {
					t.Fatal(err)
				}
				if want := map[bool]int{true: 1, false: 0}[from.Equal(at)]; len(off) != want {
					t.Errorf("from %s: %v", from, off)
				}
			}
			return nil
		})
	})
}

// step-ca's lists are taken as it numbers them, from 0; ours go on from there.
func TestCRLsOfStepCA(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		list := func(n int64, source string) registry.CRL {
			return registry.CRL{Number: n, Source: source, ThisUpdate: at, NextUpdate: at.Add(time.Hour), MadeAt: at, SHA256: strings.Repeat("0", 64), DER: []byte{byte(n)}}
		}
		take := func(n int64) error {
			return s.Write(context.Background(), func(tx *store.Tx) error { return tx.TakeCRL(list(n, registry.CRLStepCA), nil) })
		}
		for _, n := range []int64{0, 1, 5} {
			if err := take(n); err != nil {
				t.Fatalf("list %d: %v", n, err)
			}
			if err := take(n); registry.KindOf(err) != registry.Conflict {
				t.Errorf("list %d again: %v", n, err)
			}
			read(t, s, func(tx *store.Tx) error {
				if l, err := tx.LastCRL(); err != nil || l.Number != n {
					t.Errorf("%+v %v", l, err)
				}
				if der, err := tx.CRLBytes(n); err != nil || !bytes.Equal(der, []byte{byte(n)}) {
					t.Errorf("list %d: %x %v", n, der, err)
				}
				return nil
			})
		}
		if err := take(4); registry.KindOf(err) != registry.Conflict {
			t.Errorf("list 4 after 5: %v", err)
		}
		write(t, s, func(tx *store.Tx) error {
			number, last, ok, err := tx.ReserveCRL(at, time.Minute)
			if err != nil || number != 6 || last != 5 || !ok {
				t.Errorf("reserved %d after %d, %v, %v", number, last, ok, err)
			}
			return tx.AddCRL(list(number, registry.CRLOwn), last, nil)
		})
	})
}

func TestCRLNumbersRace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		var mu sync.Mutex
		var given []int64
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				for i := range 10 {
					err := s.Write(context.Background(), func(tx *store.Tx) error {
						n, _, ok, err := tx.ReserveCRL(at.Add(time.Duration(i)*time.Hour), time.Second)
						if ok && err == nil {
							mu.Lock()
							given = append(given, n)
							mu.Unlock()
						}
						return err
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		slices.Sort(given)
		if len(given) == 0 || len(slices.Compact(slices.Clone(given))) != len(given) {
			t.Errorf("given: %v", given)
		}
	})
}
