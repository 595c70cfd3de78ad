package workflow_test

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/store/storetest"
	"github.com/tamga-ca/tamga/workflow"
)

func asked(n registry.PersonalNumber) workflow.DataRequestInput {
	return workflow.DataRequestInput{PersonalNumber: n, AskedBy: "Асанова Гүлнара", Way: registry.DataInPerson, Identified: "Паспорту көрсөтүлдү"}
}

func (o *office) asked(t *testing.T, n registry.PersonalNumber) *registry.DataRequest {
	t.Helper()
	r, err := o.flow.RecordDataRequest(context.Background(), o.clerk.Actor, asked(n))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestDataRequestIsAnsweredWithinAWeek(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newOffice(t, s)
		ctx := context.Background()
		person := employee(90).PersonalNumber
		for name, who := range map[string]workflow.Actor{"auditor": o.auditor.Actor, "administrator": o.admin.Actor, "nobody": workflow.Anonymous(), "the program": workflow.BySystem()} {
			_, err := o.flow.RecordDataRequest(ctx, who, asked(person))
			if registry.KindOf(err) != registry.Forbidden {
				t.Errorf("%s records: %v", name, err)
			}
		}
		for name, change := range map[string]func(*workflow.DataRequestInput){
			"no number": func(in *workflow.DataRequestInput) { in.PersonalNumber = "" }, "an INN": func(in *workflow.DataRequestInput) { in.PersonalNumber = "00503201719900" },
			"nobody asked": func(in *workflow.DataRequestInput) { in.AskedBy = " " }, "not identified": func(in *workflow.DataRequestInput) { in.Identified = "" },
			"no way": func(in *workflow.DataRequestInput) { in.Way = "" }, "tomorrow": func(in *workflow.DataRequestInput) { in.ReceivedAt = o.now().Add(time.Hour) },
		} {
			in := asked(person)
			change(&in)
			if _, err := o.flow.RecordDataRequest(ctx, o.clerk.Actor, in); registry.KindOf(err) != registry.Invalid {
				t.Errorf("%s: %v", name, err)
			}
		}
		in := asked(person)
		in.ReceivedAt = o.now().Add(-48 * time.Hour)
		r, err := o.flow.RecordDataRequest(ctx, o.approver.Actor, in)
		if err != nil {
			t.Fatal(err)
		}
		if !r.DueAt.Equal(o.now().Add(5*24*time.Hour)) || r.Status != registry.DataReceived {
			t.Errorf("recorded %+v", r)
		}
		_, err = o.flow.RecordDataRequest(ctx, o.clerk.Actor, asked(person))
		wantKind(t, err, registry.Conflict)
		wantKind(t, o.flow.HandOverData(ctx, o.clerk.Actor, r.Number, r.Version, "колуна"), registry.Conflict) // nothing is put together
		x, err := o.flow.ExportData(ctx, o.clerk2.Actor, r.Number)
		if err != nil {
			t.Fatal(err)
		}
		if x.Data.OnFile != nil || len(x.Data.Applications)+len(x.Data.Certificates)+len(x.Data.Views) != 0 {
			t.Errorf("of a stranger: %s", x.JSON)
		}
		wantKind(t, o.flow.HandOverData(ctx, o.clerk.Actor, r.Number, r.Version, "колуна"), registry.Conflict) // an older page
		wantKind(t, o.flow.HandOverData(ctx, o.clerk.Actor, r.Number, r.Version+1, " "), registry.Invalid)
		if err := o.flow.HandOverData(ctx, o.clerk.Actor, r.Number, r.Version+1, "колуна"); err != nil {
			t.Fatal(err)
		}
		wantKind(t, o.flow.RefuseData(ctx, o.approver.Actor, r.Number, 0, "себеп"), registry.Conflict)
		_, err = o.flow.ExportData(ctx, o.clerk.Actor, r.Number)
		wantKind(t, err, registry.Conflict)
		again := o.asked(t, person)
		if again.Number == r.Number {
			t.Error("the same number twice")
		}
		wantKind(t, o.flow.RefuseData(ctx, o.clerk.Actor, again.Number, 0, "себеп"), registry.Forbidden)
		if err := o.flow.RefuseData(ctx, o.approver.Actor, again.Number, 0, "Бул адам жөнүндө эч нерсе сакталбайт"); err != nil {
			t.Fatal(err)
		}
		o.read(func(tx *store.Tx) error {
			for _, kind := range []string{"received", "exported", "handed_over", "refused"} {
				all, err := tx.Journal(store.JournalFilter{Kind: "data_request." + kind, Limit: 10})
				if want := map[bool]int{true: 2, false: 1}[kind == "received"]; err != nil || len(all) != want {
					t.Errorf("%s is journalled %d times: %v", kind, len(all), err)
				}
			}
			kept, err := tx.DataRequest(r.Number)
			if err == nil && (kept.Status != registry.DataHandedOver || kept.ExportedSHA256 != x.SHA256 || kept.Remark != "колуна" || kept.ConcludedBy != o.clerk.Operator.ID) {
				t.Errorf("kept %+v", kept)
			}
			return err
		})
	})
}

// Every status, action and role: the table says who may, and the transition
// does it for nobody else.
func TestDataRequestMovesByStatusAndRole(t *testing.T) {
	o := newOffice(t, storetest.SQLite(t))
	ctx := context.Background()
	person := 90
	for _, status := range registry.DataRequestStatuses {
		for name, who := range map[string]*colleague{"clerk": o.clerk, "approver": o.approver, "auditor": o.auditor, "administrator": o.admin} {
			for _, act := range []registry.DataRequestAction{registry.DataExport, registry.DataHandOver, registry.DataRefuse} {
				person++
				r := o.asked(t, employee(person).PersonalNumber)
				if _, err := o.flow.ExportData(ctx, o.clerk.Actor, r.Number); err != nil {
					t.Fatal(err)
				}
				switch status {
				case registry.DataHandedOver:
					if err := o.flow.HandOverData(ctx, o.clerk.Actor, r.Number, 0, "x"); err != nil {
						t.Fatal(err)
					}
				case registry.DataRefused:
					if err := o.flow.RefuseData(ctx, o.approver.Actor, r.Number, 0, "x"); err != nil {
						t.Fatal(err)
					}
				}
				_, want := registry.MoveDataRequest(status, act, registry.Actor(who.Operator.Role))
				var got error
				switch act {
				case registry.DataExport:
					_, got = o.flow.ExportData(ctx, who.Actor, r.Number)
				case registry.DataHandOver:
					got = o.flow.HandOverData(ctx, who.Actor, r.Number, 0, "x")
				case registry.DataRefuse:
					got = o.flow.RefuseData(ctx, who.Actor, r.Number, 0, "x")
				}
				if registry.KindOf(want) != registry.KindOf(got) {
					t.Errorf("%s of one %s by the %s: %v, the table says %v", act, status, name, got, want)
				}
			}
		}
	}
}

func TestDataExportHoldsThePersonsOwnPapersOnly(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newOffice(t, s)
		ctx := context.Background()
		id := o.submitted(1)
		app := o.application(id)
		var own, others []*registry.Document
		for _, d := range o.documents(id) {
			if !d.Form.Scanned() {
				continue
			}
			if d.Subject == registry.OfHead {
				own = append(own, d)
			} else {
				others = append(others, d)
			}
		}
		if len(own) == 0 || len(others) == 0 {
			t.Fatal("the application asks for no papers of the head")
		}
		mine, err := o.upload(o.clerk.Actor, own[0].ID, 1)
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := o.upload(o.clerk.Actor, others[0].ID, 2)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := o.flow.ViewFile(ctx, o.auditor.Actor, mine, workflow.Look{Purpose: "даттануу боюнча", Page: "/applications/:number"}); err != nil {
			t.Fatal(err)
		}
		if _, err := o.flow.ViewFile(ctx, o.clerk2.Actor, theirs, workflow.Look{}); err != nil {
			t.Fatal(err)
		}
		head, further := app.Declaration.Head.PersonalNumber, o.organisation(2)
		o.write(func(tx *store.Tx) error {
			return tx.LinkHolder(registry.HolderLink{PersonalNumber: head, OrganisationID: further, Role: registry.Head, Basis: "Буйрук № 7", CreatedAt: o.now()})
		})
		r := o.asked(t, head)
		x, err := o.flow.ExportData(ctx, o.clerk.Actor, r.Number)
		if err != nil {
			t.Fatal(err)
		}
		if len(x.Data.Applications) != 1 || len(x.Data.Applications[0].Declared) != 1 || x.Data.Applications[0].Declared[0].PersonalNumber != r.PersonalNumber {
			t.Errorf("the part in the application: %s", x.JSON)
		}
		if a := x.Data.ActsFor; len(a) != 1 || a[0].INN != declaration(2).Organisation.INN || a[0].Basis != "Буйрук № 7" {
			t.Errorf("further organisations: %+v", a)
		}
		files := x.Files()
		if len(files) != 1 {
			t.Fatalf("%d files", len(files))
		}
		content, err := x.Open(ctx, files[0])
		if err != nil || int64(len(content)) != files[0].Size {
			t.Errorf("%d bytes: %v", len(content), err)
		}
		if len(x.Data.Views) != 1 || x.Data.Views[0].Purpose != "даттануу боюнча" {
			t.Errorf("views: %+v", x.Data.Views)
		}
		if a := app.Declaration.Accountant; a != nil && bytes.Contains(x.JSON, []byte(a.PersonalNumber)) {
			t.Error("somebody else's number is in it")
		}
		var again workflow.PersonalData
		if err := json.Unmarshal(x.JSON, &again); err != nil || again.Format != workflow.PersonalDataFormat {
			t.Errorf("not read back: %v", err)
		}
		// What left stands in the list of looks.
		found, _, err := o.flow.AccessLog(ctx, o.auditor.Actor, store.AccessFilter{Document: own[0].ID, Limit: 10})
		if err != nil || len(found) != 3 || found[1].Kind != "data_request.exported" || found[1].Purpose != r.Number {
			t.Errorf("the access log: %+v, %v", found, err)
		}
	})
}

// What was said of a person's certificate, by whom, and what became of it is in
// their data, and what they asked for before.
func TestDataExportTellsOfReportsAndRequests(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		app, es, _ := o.issued(1)
		cert, person := o.certificate(es[0]), app.Declaration.Head.PersonalNumber
		in := called(cert, "device_stolen")
		since := o.now().Add(-time.Hour)
		in.Reporter, in.Note, in.InvalidSince, in.Suspend = "Асанов Бакыт, күйөөсү", "сумка менен кошо", &since, true
		if err := o.decideReport(o.approver, o.report(in).ID, registry.ReportRevoke, "device_stolen", "Уурдалганы ырасталды"); err != nil {
			t.Fatal(err)
		}
		before := o.asked(t, person)
		if err := o.flow.RefuseData(o.ctx, o.approver.Actor, before.Number, 0, "Кол коюлган эмес"); err != nil {
			t.Fatal(err)
		}
		x, err := o.flow.ExportData(o.ctx, o.clerk.Actor, o.asked(t, person).Number)
		if err != nil {
			t.Fatal(err)
		}
		if len(x.Data.Certificates) != 1 || len(x.Data.Certificates[0].Reports) != 1 || len(x.Data.Requests) != 2 {
			t.Fatalf("%s", x.JSON)
		}
		c := x.Data.Certificates[0]
		if c.Status != registry.CertRevoked || c.StatusReason != 1 || c.InvalidSince == nil || !c.InvalidSince.Equal(since) {
			t.Errorf("the certificate: %+v", c)
		}
		r := c.Reports[0]
		if r.Reporter != in.Reporter || !slices.Equal(r.Identified, in.Identified) || r.Note != in.Note || r.InvalidSince == nil || r.Cause != in.Cause || r.Label.Ky == "" ||
			r.Code != 1 || r.Status != registry.ReportRevoked || r.SuspendedAt == nil || r.ConcludedAt == nil || r.Remark != "Уурдалганы ырасталды" {
			t.Errorf("the report: %+v", r)
		}
		if q := x.Data.Requests; q[0].Number != before.Number || q[0].AskedBy != "Асанова Гүлнара" || q[0].Identified == "" || q[0].Status != registry.DataRefused ||
			q[0].Remark != "Кол коюлган эмес" || q[1].Number != x.Data.Request || q[1].Status != registry.DataReceived {
			t.Errorf("the requests: %+v", q)
		}
	})
}

func TestDataRequestRecordedAtOnceRace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newOffice(t, s)
		ctx := context.Background()
		person := employee(90).PersonalNumber
		if n := atOnce(t, "record", func(int) error { return errOf(o.flow.RecordDataRequest(ctx, o.clerk.Actor, asked(person))) }); n != 1 {
			t.Errorf("recorded %d times", n)
		}
		var r *registry.DataRequest
		o.read(func(tx *store.Tx) error {
			all, err := tx.OpenDataRequests(10)
			r = all[0]
			return err
		})
		// Put together by several at once: each is journalled, the last counts.
		if n := atOnce(t, "export", func(int) error { return errOf(o.flow.ExportData(ctx, o.clerk.Actor, r.Number)) }); n != 6 {
			t.Errorf("exported %d times", n)
		}
		if n := atOnce(t, "conclude", func(i int) error {
			if i%2 == 0 {
				return o.flow.HandOverData(ctx, o.clerk.Actor, r.Number, 0, "колуна")
			}
			return o.flow.RefuseData(ctx, o.approver.Actor, r.Number, 0, "себеп")
		}); n != 1 {
			t.Errorf("concluded %d times", n)
		}
	})
}
