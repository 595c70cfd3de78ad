package workflow_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tamga-ca/tamga/internal/authorities"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/store/storetest"
	"github.com/tamga-ca/tamga/workflow"
)

// picture is a small PNG; n tells contents apart.
func picture(t testing.TB, n int) []byte {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, 16, 16))
	for i := range img.Pix {
		img.Pix[i] = byte(n * (i + 1))
	}
	img.SetGray(n%16, n/16%16, color.Gray{Y: 200})
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// upload adds a picture to a document.
func (o *office) upload(who workflow.Actor, id registry.DocumentID, n int) (registry.FileID, error) {
	return o.flow.AddFile(context.Background(), who, id, fmt.Sprintf("скан-%d.png", n), bytes.NewReader(picture(o.t, n)))
}

// documents reads an application's list by code.
func (o *office) documents(id registry.ApplicationID) map[string]*registry.Document {
	o.t.Helper()
	out := map[string]*registry.Document{}
	o.read(func(tx *store.Tx) error {
		docs, err := tx.Documents(id)
		for _, d := range docs {
			out[d.Code] = d
		}
		return err
	})
	return out
}

// put writes an application's status past the table of moves.
func (o *office) put(id registry.ApplicationID, status registry.ApplicationStatus) {
	o.t.Helper()
	o.write(func(tx *store.Tx) error {
		a, err := tx.LockApplication(id)
		if err != nil {
			return err
		}
		from := a.Status
		a.Status, a.PausedAt, a.Assignee = status, nil, o.clerk.Operator.ID
		return tx.MoveApplication(a, from, o.now())
	})
}

// putDocument writes a document's status past the table of moves.
func (o *office) putDocument(id registry.DocumentID, status registry.DocumentStatus) {
	o.t.Helper()
	o.write(func(tx *store.Tx) error {
		d, err := tx.Document(id)
		if err != nil {
			return err
		}
		d.Status, d.Reason = status, "себеби"
		return tx.JudgeDocument(d, o.now())
	})
}

// keyOf is the key of a refusal.
func keyOf(err error) string {
	var e *registry.Error
	if errors.As(err, &e) {
		return e.Key
	}
	return ""
}

func (o *office) everybody(id registry.ApplicationID) map[registry.Actor]workflow.Actor {
	return map[registry.Actor]workflow.Actor{
		registry.ByClerk: o.clerk.Actor, registry.ByApprover: o.approver.Actor, registry.Actor(registry.Auditor): o.auditor.Actor,
		registry.Actor(registry.Administrator): o.admin.Actor, registry.ByApplicant: workflow.ByApplicant(id), "": workflow.Anonymous(),
	}
}

// What the tables of moves forbid is refused as they say, and nothing else is
// refused so: every status × action × role.
func TestApplicationMovesAreObeyed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newOffice(t, s)
		ctx := context.Background()
		id := o.submitted(1)
		doc := o.documents(id)["DT-REG-CERT"].ID
		actions := map[registry.Action]func(who workflow.Actor) error{
			registry.ActEdit:         func(who workflow.Actor) error { return o.flow.Edit(ctx, who, id, 0, declaration(1), nil) },
			registry.ActSubmit:       func(who workflow.Actor) error { return o.flow.Submit(ctx, who, id, 0) },
			registry.ActTake:         func(who workflow.Actor) error { return o.flow.Take(ctx, who, id) },
			registry.ActGiveBack:     func(who workflow.Actor) error { return o.flow.GiveBack(ctx, who, id) },
			registry.ActAssign:       func(who workflow.Actor) error { return o.flow.Assign(ctx, who, id, 0, o.clerk2.Operator.ID) },
			registry.ActAskDocuments: func(who workflow.Actor) error { return o.flow.AskDocuments(ctx, who, id, 0, "") },
			registry.ActResume:       func(who workflow.Actor) error { return o.flow.Resume(ctx, who, id) },
			registry.ActDocument:     func(who workflow.Actor) error { return o.flow.WaiveDocument(ctx, who, doc, 0, "бар") },
			registry.ActVerify:       func(who workflow.Actor) error { return o.flow.Verify(ctx, who, id, 0) },
			registry.ActWithdraw:     func(who workflow.Actor) error { return o.flow.Withdraw(ctx, who, id, 0) },
			registry.ActUpload: func(who workflow.Actor) error {
				_, err := o.upload(who, doc, 1)
				return err
			},
		}
		for _, status := range registry.ApplicationStatuses {
			for act, do := range actions {
				for role, who := range o.everybody(id) {
					o.put(id, status)
					o.putDocument(doc, registry.DocMissing)
					_, want := registry.MoveApplication(status, act, role)
					got := do(who)
					refused := keyOf(got) == "error.application.state" || keyOf(got) == "error.forbidden"
					if (want != nil) != refused || want != nil && registry.KindOf(want) != registry.KindOf(got) {
						t.Errorf("%s of a file in %s by %q: got %v, the table says %v", act, status, role, got, want)
					}
					if got != nil && registry.KindOf(got) == 0 {
						t.Errorf("%s of a file in %s by %q failed: %v", act, status, role, got)
					}
				}
			}
		}
	})
}

func TestDocumentMovesAreObeyed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newOffice(t, s)
		ctx := context.Background()
		id := o.submitted(1)
		doc := o.documents(id)["DT-REG-CERT"].ID
		actions := map[registry.DocumentAction]func(who workflow.Actor) error{
			registry.DocAccept: func(who workflow.Actor) error {
				return o.flow.AcceptDocument(ctx, who, doc, 0, workflow.Acceptance{OriginalSeen: true})
			},
			registry.DocReject:  func(who workflow.Actor) error { return o.flow.RejectDocument(ctx, who, doc, 0, "окулбайт") },
			registry.DocWaive:   func(who workflow.Actor) error { return o.flow.WaiveDocument(ctx, who, doc, 0, "бар") },
			registry.DocReopen:  func(who workflow.Actor) error { return o.flow.ReopenDocument(ctx, who, doc, 0) },
			registry.DocReceive: func(who workflow.Actor) error { return o.flow.MarkReceived(ctx, who, doc, 0) },
			registry.DocLink:    func(who workflow.Actor) error { return o.flow.LinkDocument(ctx, who, doc, 0, 1<<40) },
			registry.DocUpload: func(who workflow.Actor) error {
				_, err := o.upload(who, doc, 1)
				return err
			},
		}
		for _, status := range registry.DocumentStatuses {
			for act, do := range actions {
				for role, who := range o.everybody(id) {
					o.put(id, registry.InReview)
					o.putDocument(doc, status)
					_, want := registry.MoveDocument(status, act, role)
					got := do(who)
					key := keyOf(got)
					refused := key == "error.document.state" || key == "error.forbidden"
					if (want != nil) != refused {
						t.Errorf("%s of a document %s by %q: got %v, the table says %v", act, status, role, got, want)
					}
				}
			}
		}
	})
}

func TestDT12_TheM2aIsAcceptedWithSealAndSignatureAndInDate(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newOffice(t, s)
		ctx := context.Background()
		id := o.submitted(1)
		doc := o.documents(id)["DT-POA-M2A"]
		if _, err := o.upload(o.clerk.Actor, doc.ID, 1); err != nil {
			t.Fatal(err)
		}
		today := registry.DateOf(o.now(), o.pack.Zone())
		all := []string{"seal", "head_signature", "in_date", "same_person"}
		for _, c := range []struct {
			name, until, key string
			checks           []string
		}{
			{"no seal", today.Display(), "error.document.check", all[1:]},
			{"no signature", today.Display(), "error.document.check", []string{"seal", "in_date", "same_person"}},
			{"no last day", "", "error.registry.required", all},
			{"out of date", today.AddDays(-1).Display(), "error.registry.document_expired", all},
			{"no such day", "31.02.2026", "error.registry.date", all},
			{"in date on its last day", today.Display(), "", all},
		} {
			err := o.flow.AcceptDocument(ctx, o.clerk.Actor, doc.ID, 0, workflow.Acceptance{Checks: c.checks, ValidUntil: c.until, OriginalSeen: true})
			if keyOf(err) != c.key || err != nil && c.key == "" {
				t.Errorf("%s: got %v, want %q", c.name, err, c.key)
			}
		}
		got := o.documents(id)["DT-POA-M2A"]
		if got.Status != registry.DocAccepted || !slices.Equal(got.Checked, all) || got.ValidUntil != today.String() || !got.OriginalSeen || got.JudgedBy != o.clerk.Operator.ID {
			t.Errorf("accepted as %+v", got)
		}
	})
}

func TestPaperWithoutAFileIsNotAcceptedButATokenIs(t *testing.T) {
	o := newOffice(t, storetest.SQLite(t))
	ctx := context.Background()
	d := declaration(1)
	d.Storage = registry.Rutoken
	draft, err := o.flow.NewDraft(ctx, o.clerk.Actor, d, nil)
	if err != nil {
		t.Fatal(err)
	}
	docs := o.documents(draft.ID)
	wantKind(t, o.flow.AcceptDocument(ctx, o.clerk.Actor, docs["DT-REG-CERT"].ID, 0, workflow.Acceptance{}), registry.Conflict)
	token := docs["DT-RUTOKEN2"].ID
	if err := o.flow.MarkReceived(ctx, o.clerk.Actor, token, 0); err != nil {
		t.Fatal(err)
	}
	if err := o.flow.AcceptDocument(ctx, o.clerk.Actor, token, 0, workflow.Acceptance{OriginalSeen: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := o.upload(o.clerk.Actor, token, 1); keyOf(err) != "error.document.not_scanned" {
		t.Errorf("a scan of a token: %v", err)
	}
}

// TestA30_TheOriginalIsNotedWhereThePackAsks: elsewhere a tick is ignored.
func TestA30_TheOriginalIsNotedWhereThePackAsks(t *testing.T) {
	o := newOffice(t, storetest.SQLite(t))
	for i, asks := range []bool{true, false} {
		o.pack.Documents.OriginalSeen = asks
		id := o.submitted(i + 1)
		doc := o.documents(id)["DT-REG-CERT"].ID
		if _, err := o.upload(o.clerk.Actor, doc, 1); err != nil {
			t.Fatal(err)
		}
		if err := o.flow.AcceptDocument(t.Context(), o.clerk.Actor, doc, 0, workflow.Acceptance{OriginalSeen: true}); err != nil {
			t.Fatal(err)
		}
		if got := o.documents(id)["DT-REG-CERT"]; got.Status != registry.DocAccepted || got.OriginalSeen != asks {
			t.Errorf("the pack asks %t: %s, the original seen %t", asks, got.Status, got.OriginalSeen)
		}
	}
}

func TestRejectionAndWaiverNeedAReason(t *testing.T) {
	o := newOffice(t, storetest.SQLite(t))
	ctx := context.Background()
	doc := o.documents(o.submitted(1))["DT-REG-CERT"].ID
	if _, err := o.upload(o.clerk.Actor, doc, 1); err != nil {
		t.Fatal(err)
	}
	for _, reason := range []string{"", "  \n", strings.Repeat("у", 501)} {
		wantKind(t, o.flow.RejectDocument(ctx, o.clerk.Actor, doc, 0, reason), registry.Invalid)
		wantKind(t, o.flow.WaiveDocument(ctx, o.clerk.Actor, doc, 0, reason), registry.Invalid)
	}
}

// An applicant who brings the last paper that was missing sets the file going
// again; what is brought to the office, like a token, does not hold it up.
func TestA16_TheLastMissingPaperResumesTheFile(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newOffice(t, s)
		ctx := context.Background()
		id := o.submitted(1)
		applicant := workflow.ByApplicant(id)
		if err := o.flow.Take(ctx, o.clerk.Actor, id); err != nil {
			t.Fatal(err)
		}
		o.settle(id)
		docs := o.documents(id)
		a, b := docs["DT-REG-CERT"].ID, docs["DT-HEAD-ID"].ID
		for _, d := range []registry.DocumentID{a, b} {
			if err := o.flow.RejectDocument(ctx, o.clerk.Actor, d, 0, "окулбайт"); err != nil {
				t.Fatal(err)
			}
		}
		if err := o.flow.AskDocuments(ctx, o.clerk.Actor, id, 0, "алып келиңиз"); err != nil {
			t.Fatal(err)
		}
		if app := o.application(id); app.PausedAt == nil || app.Status != registry.AwaitingDocuments {
			t.Fatalf("waiting: %+v", app)
		}
		// Two browser tabs of the applicant at once.
		var wg sync.WaitGroup
		for i, d := range []registry.DocumentID{a, b} {
			wg.Go(func() {
				if _, err := o.upload(applicant, d, i); err != nil {
					t.Errorf("upload %d: %v", i, err)
				}
			})
		}
		wg.Wait()
		app := o.application(id)
		if app.Status != registry.InReview || app.PausedAt != nil || app.DueAt == nil || !app.DueAt.After(o.now()) {
			t.Errorf("after the last paper: %s, paused %v, due %v", app.Status, app.PausedAt, app.DueAt)
		}
		if n := o.entries(id, "application.resume"); n != 1 {
			t.Errorf("resumed %d times", n)
		}
	})
}

// TestA16_TheClockOfAWaitingFile: whether it stands still is the pack's to say.
func TestA16_TheClockOfAWaitingFile(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newOffice(t, s)
		for i, stands := range []bool{true, false} {
			o.pack.Times.PauseForExtras = stands
			id := o.submitted(i + 1)
			if err := o.flow.Take(t.Context(), o.clerk.Actor, id); err != nil {
				t.Fatal(err)
			}
			o.settle(id)
			if err := o.flow.RejectDocument(t.Context(), o.clerk.Actor, o.documents(id)["DT-REG-CERT"].ID, 0, "окулбайт"); err != nil {
				t.Fatal(err)
			}
			if err := o.flow.AskDocuments(t.Context(), o.clerk.Actor, id, 0, "алып келиңиз"); err != nil {
				t.Fatal(err)
			}
			if app := o.application(id); (app.PausedAt != nil) != stands || app.DueAt == nil {
				t.Errorf("the clock is to stand %t: paused %v, due %v", stands, app.PausedAt, app.DueAt)
			}
		}
	})
}

// entries counts an application's journal entries of a kind.
func (o *office) entries(id registry.ApplicationID, kind string) int {
	o.t.Helper()
	n := 0
	o.read(func(tx *store.Tx) error {
		all, err := tx.JournalAbout(workflow.Application(id), 0, 1000)
		for _, e := range all {
			if e.Kind == kind {
				n++
			}
		}
		return err
	})
	return n
}

func TestVerifiedFileReturnsToReviewWhenADocumentChanges(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newOffice(t, s)
		ctx := context.Background()
		for i, change := range []func(registry.ApplicationID, registry.DocumentID) error{
			func(_ registry.ApplicationID, d registry.DocumentID) error {
				return o.flow.RejectDocument(ctx, o.clerk2.Actor, d, 0, "окулбайт")
			},
			func(_ registry.ApplicationID, d registry.DocumentID) error {
				_, err := o.upload(o.clerk2.Actor, d, 3)
				return err
			},
			func(id registry.ApplicationID, _ registry.DocumentID) error {
				return o.flow.Edit(ctx, o.clerk2.Actor, id, 0, o.application(id).Declaration, nil)
			},
		} {
			id := o.verified(i + 1)
			if err := change(id, o.documents(id)["DT-REG-CERT"].ID); err != nil {
				t.Fatal(err)
			}
			if app := o.application(id); app.Status != registry.InReview || app.VerifiedAt != nil {
				t.Errorf("change %d left the file %s, verified at %v", i, app.Status, app.VerifiedAt)
			}
			o.read(func(tx *store.Tx) error {
				hands, err := tx.Hands(id)
				if !slices.ContainsFunc(hands, func(h store.Hand) bool { return h.OperatorID == o.clerk2.Operator.ID }) {
					t.Errorf("change %d: four eyes do not know who made it", i)
				}
				return err
			})
		}
	})
}

func TestFilesAreKeptSealedAndViewsAreJournalled(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newOffice(t, s)
		ctx := context.Background()
		id := o.submitted(1)
		doc := o.documents(id)["DT-REG-CERT"].ID
		file, err := o.upload(o.clerk.Actor, doc, 7)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := o.upload(o.clerk.Actor, doc, 7); err != nil || again != file {
			t.Errorf("the same content twice: file %d, %v", again, err)
		}
		wantKind(t, onlyErr(o.flow.ViewFile(ctx, o.auditor.Actor, file, workflow.Look{Purpose: "  "})), registry.Invalid)
		wantKind(t, onlyErr(o.flow.ViewFile(ctx, o.admin.Actor, file, workflow.Look{Purpose: "кызыкчылык"})), registry.Forbidden)
		wantKind(t, onlyErr(o.flow.ViewFile(ctx, workflow.ByApplicant(id), file, workflow.Look{})), registry.Forbidden)
		if n := o.entries(id, "file.viewed"); n != 0 {
			t.Fatalf("%d views before the first", n)
		}
		for _, who := range []*colleague{o.clerk, o.approver, o.auditor} {
			v, err := o.flow.ViewFile(ctx, who.Actor, file, workflow.Look{Purpose: "тандап текшерүү"})
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(v.Content, picture(t, 7)) || v.Name != "скан-7.png" || v.MediaType != "image/png" {
				t.Errorf("%s got %s, %s, %d bytes", who.Operator.Role, v.Name, v.MediaType, len(v.Content))
			}
		}
		if n := o.entries(id, "file.viewed"); n != 3 {
			t.Errorf("%d views in the journal, want 3", n)
		}
		if err := o.flow.RemoveFile(ctx, o.clerk.Actor, file); err != nil {
			t.Fatal(err)
		}
		if d := o.documents(id)["DT-REG-CERT"]; d.Status != registry.DocMissing {
			t.Errorf("without its file the document is %s", d.Status)
		}
		wantKind(t, onlyErr(o.flow.ViewFile(ctx, o.clerk.Actor, file, workflow.Look{})), registry.NotFound)
	})
}

func onlyErr[T any](_ T, err error) error { return err }

func TestSweepRemovesOnlyOrphans(t *testing.T) {
	var vault = newVault(t)
	o := newOfficeWith(t, storetest.SQLite(t), func(c *workflow.Config) { c.Vault = vault })
	ctx := context.Background()
	doc := o.documents(o.submitted(1))["DT-REG-CERT"].ID
	file, err := o.upload(o.clerk.Actor, doc, 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := vault.Put(ctx, doc, picture(t, 2)); err != nil { // its transaction failed
		t.Fatal(err)
	}
	if n, err := o.flow.SweepFiles(ctx, time.Now()); n != 0 || err != nil {
		t.Errorf("swept %d young files, %v", n, err)
	}
	if n, err := o.flow.SweepFiles(ctx, time.Now().Add(2*time.Hour)); n != 1 || err != nil {
		t.Errorf("swept %d, want the orphan; %v", n, err)
	}
	if _, err := o.flow.ViewFile(ctx, o.clerk.Actor, file, workflow.Look{}); err != nil {
		t.Error(err)
	}
}

func TestAStrangersLinkOpensNothing(t *testing.T) {
	o := newOffice(t, storetest.SQLite(t))
	ctx := context.Background()
	mine, other := o.submitted(1), o.submitted(2)
	stranger := workflow.ByApplicant(mine)
	_, err := o.upload(stranger, o.documents(other)["DT-REG-CERT"].ID, 1)
	wantKind(t, err, registry.NotFound)
	wantKind(t, o.flow.Withdraw(ctx, stranger, other, 0), registry.NotFound)
	old, err := o.flow.ReplaceLink(ctx, o.clerk.Actor, mine)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.flow.ReplaceLink(ctx, o.clerk.Actor, mine); err != nil {
		t.Fatal(err)
	}
	err = o.store.Read(ctx, func(tx *store.Tx) error {
		_, err := tx.ApplicationByLink(workflow.LinkHash(old))
		return err
	})
	wantKind(t, err, registry.NotFound)
	if err := o.flow.Withdraw(ctx, stranger, mine, 0); err != nil {
		t.Error(err)
	}
}

func TestA12_AStillValidPaperOfAnEarlierFileStandsIn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newOffice(t, s)
		ctx := context.Background()
		first := o.submitted(1)
		for _, code := range []string{"DT-REG-CERT", "DT-HEAD-ID", "DT-ACC-ID"} {
			doc := o.documents(first)[code].ID
			if _, err := o.upload(o.clerk.Actor, doc, 1); err != nil {
				t.Fatal(err)
			}
			if err := o.flow.AcceptDocument(ctx, o.clerk.Actor, doc, 0, workflow.Acceptance{OriginalSeen: true}); err != nil {
				t.Fatal(err)
			}
		}
		o.settle(first) // the rest, the M-2a too
		o.put(first, registry.Completed)
		again := declaration(1)
		again.Accountant.Document.Number = "7654321" // a new passport
		draft, err := o.flow.NewDraft(ctx, o.clerk.Actor, again, nil)
		if err != nil {
			t.Fatal(err)
		}
		earlier, now := o.documents(first), o.documents(draft.ID)
		for code, want := range map[string]registry.Kind{
			"DT-REG-CERT": 0, "DT-HEAD-ID": 0,
			"DT-ACC-ID":  registry.Conflict, // another passport
			"DT-POA-M2A": registry.Conflict, // made for one occasion
		} {
			err := o.flow.LinkDocument(ctx, o.clerk.Actor, now[code].ID, 0, earlier[code].ID)
			if registry.KindOf(err) != want || want == 0 && err != nil {
				t.Errorf("%s: got %v, want kind %d", code, err, want)
			}
		}
		wantKind(t, o.flow.LinkDocument(ctx, o.clerk.Actor, now["DT-TRUSTEE-ID"].ID, 0, earlier["DT-HEAD-ID"].ID), registry.Conflict)
		if err := o.flow.AcceptDocument(ctx, o.clerk.Actor, now["DT-REG-CERT"].ID, 0, workflow.Acceptance{}); err != nil {
			t.Errorf("a linked paper is not accepted: %v", err)
		}
		other := o.submitted(2)
		wantKind(t, o.flow.LinkDocument(ctx, o.clerk.Actor, o.documents(other)["DT-REG-CERT"].ID, 0, earlier["DT-REG-CERT"].ID), registry.Conflict)
	})
}

func TestUB15_DemandedPapersKeepTheirCodes(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ubr, err := authorities.Load("ubr")
		if err != nil {
			t.Fatal(err)
		}
		o := newOfficeWith(t, s, func(c *workflow.Config) { c.Pack = ubr })
		ctx := context.Background()
		id := o.submitted(1)
		for _, title := range []string{"Ижара келишими", "Лицензия"} {
			if err := o.flow.DemandDocument(ctx, o.clerk.Actor, id, 0, title, "дареги башка"); err != nil {
				t.Fatal(err)
			}
		}
		wantKind(t, o.flow.DemandDocument(ctx, o.clerk.Actor, id, 0, "Лицензия", ""), registry.Invalid)
		if err := o.flow.Edit(ctx, o.clerk.Actor, id, 0, declaration(1), nil); err != nil {
			t.Fatal(err)
		}
		docs := o.documents(id)
		for code, title := range map[string]string{"UB-EXTRA-1": "Ижара келишими", "UB-EXTRA-2": "Лицензия"} {
			d := docs[code]
			if d == nil || !d.Required || !d.Extra || !strings.HasSuffix(d.Label.Ky, title) || !strings.Contains(d.Why.Ky, "дареги башка") {
				t.Errorf("%s is %+v", code, d)
			}
		}
	})
	o := newOffice(t, storetest.SQLite(t))
	wantKind(t, o.flow.DemandDocument(context.Background(), o.clerk.Actor, o.submitted(1), 0, "Лицензия", "керек"), registry.Conflict)
}

func TestRaceOfTwoOneIsFirst(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newOffice(t, s)
		ctx := context.Background()
		id := o.submitted(1)
		race := func(name string, do func(who workflow.Actor) error) {
			t.Helper()
			errs := make([]error, 2)
			var wg sync.WaitGroup
			for i, who := range []workflow.Actor{o.clerk.Actor, o.clerk2.Actor} {
				wg.Go(func() { errs[i] = do(who) })
			}
			wg.Wait()
			if (errs[0] == nil) == (errs[1] == nil) {
				t.Errorf("%s: got %v and %v, want one to win", name, errs[0], errs[1])
				return
			}
			for _, err := range errs {
				if err != nil {
					wantKind(t, err, registry.Conflict)
				}
			}
		}
		race("taking", func(who workflow.Actor) error { return o.flow.Take(ctx, who, id) })
		app := o.application(id)
		race("editing", func(who workflow.Actor) error {
			return o.flow.Edit(ctx, who, id, app.Version, declaration(1), nil)
		})
		app = o.application(id)
		race("assigning", func(who workflow.Actor) error {
			return o.flow.Assign(ctx, who, id, app.Version, o.clerk.Operator.ID)
		})
		doc := o.documents(id)["DT-REG-CERT"]
		if _, err := o.upload(o.clerk.Actor, doc.ID, 1); err != nil {
			t.Fatal(err)
		}
		doc = o.documents(id)["DT-REG-CERT"]
		race("accepting", func(who workflow.Actor) error {
			return o.flow.AcceptDocument(ctx, who, doc.ID, doc.Version, workflow.Acceptance{})
		})
		app = o.application(id)
		race("asking for documents", func(who workflow.Actor) error { return o.flow.AskDocuments(ctx, who, id, app.Version, "") })
		race("resuming", func(who workflow.Actor) error { return o.flow.Resume(ctx, who, id) })
		o.settle(id)
		app = o.application(id)
		race("verifying", func(who workflow.Actor) error { return o.flow.Verify(ctx, who, id, app.Version) })
		race("withdrawing", func(workflow.Actor) error { return o.flow.Withdraw(ctx, workflow.ByApplicant(id), id, 0) })

		draft, err := o.flow.NewDraft(ctx, o.clerk.Actor, declaration(2), nil)
		if err != nil {
			t.Fatal(err)
		}
		race("submitting", func(who workflow.Actor) error { return o.flow.Submit(ctx, who, draft.ID, 0) })
	})
}

func TestRaceOfUploadsAllAreKept(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newOffice(t, s)
		doc := o.documents(o.submitted(1))["DT-REG-CERT"].ID
		var wg sync.WaitGroup
		for i := range 6 {
			wg.Go(func() {
				if _, err := o.upload(o.clerk.Actor, doc, i); err != nil {
					t.Errorf("upload %d: %v", i, err)
				}
			})
		}
		wg.Wait()
		o.read(func(tx *store.Tx) error {
			files, err := tx.FilesOfDocument(doc)
			if len(files) != 6 {
				t.Errorf("%d files, want 6", len(files))
			}
			return err
		})
	})
}

func TestConsentIsRecordedOncePerPerson(t *testing.T) {
	o := newOffice(t, storetest.SQLite(t))
	ctx := context.Background()
	d := declaration(1)
	d.Trusted.Consent = false
	draft, err := o.flow.NewDraft(ctx, o.clerk.Actor, d, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := o.flow.Submit(ctx, o.clerk.Actor, draft.ID, 0); keyOf(err) != "error.registry.consent" {
		t.Fatalf("submitted without the trusted person's consent: %v", err)
	}
	if err := o.flow.Edit(ctx, o.clerk.Actor, draft.ID, 0, declaration(1), nil); err != nil {
		t.Fatal(err)
	}
	if err := o.flow.Submit(ctx, o.clerk.Actor, draft.ID, 0); err != nil {
		t.Fatal(err)
	}
	if err := o.flow.Edit(ctx, o.clerk2.Actor, draft.ID, 0, declaration(1), nil); err != nil {
		t.Fatal(err)
	}
	o.read(func(tx *store.Tx) error {
		consents, err := tx.Consents(draft.ID)
		if len(consents) != 3 {
			t.Errorf("%d consents, want 3", len(consents))
		}
		for _, c := range consents {
			if c.RecordedBy != o.clerk.Operator.ID {
				t.Errorf("recorded by %d", c.RecordedBy)
			}
		}
		return err
	})
	if n := o.entries(draft.ID, "consent.recorded"); n != 3 {
		t.Errorf("%d entries, want 3", n)
	}
}

func TestDraftKeepsWrongValues(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newOffice(t, s)
		ctx := context.Background()
		in := registry.FormInput{"organisation.inn": {"0050-oops"}, "head.name_ru.surname": {"Өмүров"}, "organisation.phone": {"312"}}
		draft, err := o.flow.NewDraft(ctx, o.clerk.Actor, registry.ReadDeclaration(in, o.pack.Zone()), in)
		if err != nil {
			t.Fatal(err)
		}
		app := o.application(draft.ID)
		if app.Input.Get("organisation.inn") != "0050-oops" || app.Input.Get("head.name_ru.surname") != "Өмүров" {
			t.Errorf("kept %v", app.Input)
		}
		in["organisation.phone"] = []string{"0312 00-01-01"}
		if err := o.flow.Edit(ctx, o.clerk.Actor, draft.ID, app.Version, registry.ReadDeclaration(in, o.pack.Zone()), in); err != nil {
			t.Fatal(err)
		}
		wantKind(t, o.flow.Submit(ctx, o.clerk.Actor, draft.ID, 0), registry.Invalid)
		// A colleague who saw the older version changes nothing.
		wantKind(t, o.flow.Edit(ctx, o.clerk2.Actor, draft.ID, app.Version, declaration(1), nil), registry.Conflict)
		if app := o.application(draft.ID); app.Declaration.Organisation.Phone != "+996312000101" || app.Status != registry.Draft {
			t.Errorf("after the colleague: %+v", app.Declaration.Organisation)
		}
	})
}
