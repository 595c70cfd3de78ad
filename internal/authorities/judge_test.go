package authorities

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tamga-ca/tamga/internal/registry"
)

var noon = time.Date(2026, 11, 20, 6, 0, 0, 0, time.UTC) // 12:00 in Bishkek

// declaration is a legal entity with a head, an accountant and a trusted
// person, all citizens, renewing onto a RuToken in Bishkek.
func declaration() registry.Declaration {
	person := func(number, surname string) registry.PersonRequisites {
		return registry.PersonRequisites{
			PersonalNumber: registry.PersonalNumber(number), Citizenship: "KGZ",
			NameRu:   registry.PersonName{Surname: surname, Given: "Айбек"},
			NameKy:   registry.PersonName{Surname: surname, Given: "Айбек"},
			Document: registry.IdentityDocument{Type: registry.IDCard, Series: "ID", Number: "0000101", Languages: []string{"ky", "ru"}},
		}
	}
	accountant, trusted := person("20101198099802", "Бухов"), person("20101198099803", "Довер")
	return registry.Declaration{
		Operation: registry.Renewal, Channel: registry.Office, Storage: registry.Rutoken, Office: "BISHKEK",
		Organisation: registry.OrganisationRequisites{Kind: registry.LegalEntity, INN: "00503201719901"},
		Head:         person("20101198099801", "Главин"), Accountant: &accountant, Trusted: &trusted,
		Predecessor: &registry.Predecessor{Serial: "5a01", NotBefore: noon.AddDate(-1, 0, 10), NotAfter: noon.AddDate(0, 0, 10)},
	}
}

func keysOf(es registry.Errors) []string {
	out := []string{}
	for _, e := range es {
		out = append(out, e.Key+" on "+e.Field)
	}
	return out
}

func TestAcceptsRefusesWithItsReasons(t *testing.T) {
	for _, tc := range []struct {
		name, pack string
		spoil      func(d *registry.Declaration)
		want       []string
	}{
		{"welcome", "dostek", func(*registry.Declaration) {}, nil},
		{"A23 patent holder", "dostek", func(d *registry.Declaration) { d.Organisation.Kind = "PATENT_HOLDER" }, []string{"error.authorities.applicant on organisation.kind"}},
		{"UB20 no renewal at UBR", "ubr", func(*registry.Declaration) {}, []string{"error.authorities.operation on operation"}},
		{"reissue without a reason", "ubr", func(d *registry.Declaration) { d.Operation = registry.Reissue }, []string{"error.authorities.reason on reason"}},
		{"A35 expired is no reason at Dos Tek", "dostek", func(d *registry.Declaration) {
			d.Operation, d.Reason = registry.Reissue, registry.ReasonExpired
		}, []string{"error.authorities.reason on reason"}},
		{"first issue remotely", "dostek", func(d *registry.Declaration) {
			d.Operation, d.Channel, d.Predecessor, d.Trusted = registry.FirstIssue, registry.Remote, nil, nil
		}, []string{"error.authorities.channel on channel"}},
		{"unknown office", "dostek", func(d *registry.Declaration) { d.Office = "NARYN" }, []string{"error.authorities.office on office"}},
		{"renewal of nothing", "dostek", func(d *registry.Declaration) { d.Predecessor = nil }, []string{"error.authorities.predecessor on predecessor"}},
		{"renewal of a revoked certificate", "dostek", func(d *registry.Declaration) { d.Predecessor.Revoked = true }, []string{"error.authorities.predecessor_revoked on predecessor"}},
		{"DT13 no trusted person", "dostek", func(d *registry.Declaration) { d.Trusted = nil }, []string{"error.authorities.trusted on trusted"}},
		{"A26 the head as accountant", "dostek", func(d *registry.Declaration) { d.Accountant.PersonalNumber = d.Head.PersonalNumber }, []string{"error.authorities.head_is_accountant on accountant.personal_number"}},
		{"UB15 extras are UBR's", "dostek", func(d *registry.Declaration) { d.Extra = []registry.ExtraDocument{{Title: "Выписка"}} }, []string{"error.authorities.extra on extra"}},
		{"no such storage", "dostek", func(d *registry.Declaration) { d.Storage = "PAPER" }, []string{"error.authorities.storage on storage"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := declaration()
			tc.spoil(&d)
			got := pack(t, tc.pack).Accepts(&d, noon)
			if (got == nil) != (tc.want == nil) || tc.want != nil && !slices.Equal(keysOf(got), tc.want) {
				t.Errorf("got %v, want %v", keysOf(got), tc.want)
			}
		})
	}
}

func TestReasonsNameThePerson(t *testing.T) {
	d := declaration()
	d.Head.Citizenship, d.Head.Document.Languages = "TUR", []string{"tr", "en"}
	items := pack(t, "dostek").Checklist(registry.FactsOf(&d))
	i := slices.IndexFunc(items, func(it registry.ChecklistItem) bool { return it.Code == "DT-HEAD-FPASS-TR" })
	if i < 0 {
		t.Fatalf("no translation in %v", registry.ChecklistCodes(items))
	}
	want := "Because the head is a foreign citizen whose passport has no Kyrgyz or Russian text: Главин Айбек."
	if items[i].Why.En != want || items[i].Person.Ru != "Главин Айбек" || items[i].Subject != registry.OfHead {
		t.Errorf("why %q, person %q, subject %s", items[i].Why.En, items[i].Person.Ru, items[i].Subject)
	}
	for _, it := range items {
		for _, l := range registry.Languages {
			if strings.ContainsAny(it.Why.In(l)+it.Label.In(l), "{}") || it.Why.In(l) == "" || it.Label.In(l) == "" {
				t.Errorf("%s in %s: %q, %q", it.Code, l, it.Label.In(l), it.Why.In(l))
			}
		}
	}
}

func TestA05_TheFirstIssueIsInferredAndNeverUBRs(t *testing.T) {
	d := declaration()
	d.Operation, d.Predecessor = registry.FirstIssue, nil
	for _, it := range pack(t, "dostek").Checklist(registry.FactsOf(&d)) {
		if it.Basis != registry.BasisInferred || it.Ambiguity != "A-05" {
			t.Errorf("%s: basis %s, ambiguity %q", it.Code, it.Basis, it.Ambiguity)
		}
		if strings.HasPrefix(it.Code, "UB-") {
			t.Errorf("%s is UBR's", it.Code)
		}
	}
}

func TestDT15_ThePackageAtOshHasItsParts(t *testing.T) {
	d := declaration()
	d.Office = "OSH"
	items := pack(t, "dostek").Checklist(registry.FactsOf(&d))
	i := slices.IndexFunc(items, func(it registry.ChecklistItem) bool { return it.Form == registry.FormPackage })
	if i < 0 {
		t.Fatal("no package")
	}
	want := []string{"DT-APPL", "DT-REG-CERT", "DT-HEAD-ID", "DT-ACC-ID", "DT-POA-M2A", "DT-TRUSTEE-ID", "DT-RUTOKEN2"}
	if got := registry.ChecklistCodes(items[i].Parts); !slices.Equal(got, want) {
		t.Errorf("parts %v, want %v", got, want)
	}
}

func TestDT12_TheM2AIsCheckedForSealAndSignature(t *testing.T) {
	d := declaration()
	var checks []string
	for _, it := range pack(t, "dostek").Checklist(registry.FactsOf(&d)) {
		if it.Code == "DT-POA-M2A" {
			for _, c := range it.Checks {
				checks = append(checks, c.Code)
			}
		}
	}
	if want := []string{"seal", "head_signature", "in_date", "same_person"}; !slices.Equal(checks, want) {
		t.Errorf("checks %v, want %v", checks, want)
	}
}

func TestSwitchesTurnTheirReadings(t *testing.T) {
	turn := func(t *testing.T, name, pack string) *Pack {
		t.Helper()
		src := source(t, pack)
		at := strings.Index(src, "  "+name+":\n    on: ")
		if at < 0 {
			t.Fatalf("no switch %s", name)
		}
		head, rest := src[:at], src[at:]
		if strings.HasPrefix(rest, "  "+name+":\n    on: true") {
			rest = strings.Replace(rest, "on: true", "on: false", 1)
		} else {
			rest = strings.Replace(rest, "on: false", "on: true", 1)
		}
		p, err := Parse("mine.yaml", []byte(head+rest))
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	d := declaration()
	d.Storage = registry.ECloud
	t.Run("A07 a device for E-Cloud too", func(t *testing.T) {
		if !slices.Contains(registry.ChecklistCodes(turn(t, "ask_device_for_ecloud", "dostek").Checklist(registry.FactsOf(&d))), "DT-RUTOKEN2") {
			t.Error("no device asked for")
		}
	})
	t.Run("A24 the head collects in person", func(t *testing.T) {
		alone := d
		alone.Trusted = nil
		p := turn(t, "head_may_collect_in_person", "dostek")
		if codes := registry.ChecklistCodes(p.Checklist(registry.FactsOf(&alone))); slices.Contains(codes, "DT-POA-M2A") || slices.Contains(codes, "DT-TRUSTEE-ID") {
			t.Errorf("still asked: %v", codes)
		}
		if es := p.Accepts(&alone, noon); es != nil {
			t.Errorf("refused: %v", es)
		}
		if codes := registry.ChecklistCodes(p.Checklist(registry.FactsOf(&d))); !slices.Contains(codes, "DT-POA-M2A") {
			t.Errorf("a trusted person was named, and no M-2a is asked for: %v", codes)
		}
	})
	t.Run("A18 decisions of a sole entrepreneur", func(t *testing.T) {
		ip := d
		ip.Operation, ip.Organisation.Kind = registry.FirstIssue, registry.SoleEntrepreneur
		if !slices.Contains(registry.ChecklistCodes(turn(t, "entrepreneur_has_no_decisions", "ubr").Checklist(registry.FactsOf(&ip))), "UB-HEAD-APPT") {
			t.Error("no decision asked for")
		}
	})
}

func TestUB15_ExtraDocumentsComeLastWithTheirReason(t *testing.T) {
	d := declaration()
	d.Operation, d.Predecessor = registry.FirstIssue, nil
	d.Extra = []registry.ExtraDocument{{Title: "Выписка", Reason: "нет в реестре"}, {Code: "UB-EXTRA-7", Title: "Приказ", Reason: "{reason}"}}
	items := pack(t, "ubr").Checklist(registry.FactsOf(&d))
	last := items[len(items)-2:]
	if last[0].Code != "UB-EXTRA-1" || last[1].Code != "UB-EXTRA-7" {
		t.Errorf("codes %s, %s", last[0].Code, last[1].Code)
	}
	if !strings.HasSuffix(last[0].Label.Ru, ": Выписка") || !strings.HasSuffix(last[0].Why.Ky, "нет в реестре") {
		t.Errorf("label %q, why %q", last[0].Label.Ru, last[0].Why.Ky)
	}
}

func TestPricesOfDosTek(t *testing.T) {
	p := pack(t, "dostek")
	for _, tc := range []struct {
		name    string
		storage registry.Storage
		acts    bool
		alone   bool
		want    []registry.Tyiyn
	}{
		{"cloud, head and accountant", registry.ECloud, false, false, []registry.Tyiyn{151000, 142000}},
		{"cloud, head alone", registry.ECloud, false, true, []registry.Tyiyn{151000}},
		{"cloud, head acting as accountant (A-26)", registry.ECloud, true, true, []registry.Tyiyn{142000}},
		{"token, two", registry.Rutoken, false, false, []registry.Tyiyn{120000, 120000}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := declaration()
			d.Storage, d.HeadActsAsAccountant = tc.storage, tc.acts
			if tc.alone {
				d.Accountant = nil
			}
			q, err := p.Price(registry.FactsOf(&d), noon)
			if err != nil {
				t.Fatal(err)
			}
			var got []registry.Tyiyn
			var total registry.Tyiyn
			for _, l := range q.Lines {
				got = append(got, l.Amount)
				total += l.Amount
			}
			if !slices.Equal(got, tc.want) || q.Total != total {
				t.Errorf("lines %v, total %v, want %v", got, q.Total, tc.want)
			}
		})
	}
	d := declaration()
	if _, err := p.Price(registry.FactsOf(&d), noon.AddDate(-5, 0, 0)); registry.KindOf(err) != registry.Invalid {
		t.Errorf("before the first price list: %v", err)
	}
	q, err := pack(t, "ubr").Price(registry.FactsOf(&d), noon)
	if err != nil || !q.Lines[0].Example {
		t.Errorf("UBR's price is not marked as an example: %+v, %v", q, err)
	}
}

func TestPriceListsFollowEachOther(t *testing.T) {
	src := source(t, "ubr")
	from := strings.Index(src, "  - from: 2024-01-01")
	to := strings.Index(src, "\ncertificate:")
	next := strings.NewReplacer("2024-01-01", "2026-11-20", "som: 1500", "som: 1600.50").Replace(src[from:to])
	p, err := Parse("mine.yaml", []byte(src[:to]+"\n"+next+src[to:]))
	if err != nil {
		t.Fatal(err)
	}
	d := declaration()
	for at, want := range map[time.Time]registry.Tyiyn{
		time.Date(2026, 11, 19, 17, 59, 59, 0, time.UTC): 300000, // 23:59:59 in Bishkek
		time.Date(2026, 11, 19, 18, 0, 0, 0, time.UTC):   320100, // midnight
	} {
		if q, err := p.Price(registry.FactsOf(&d), at); err != nil || q.Total != want {
			t.Errorf("at %s: %v, %v, want %v", at, q.Total, err, want)
		}
	}
}

func TestA11_RefundOfWhatWasNotIssued(t *testing.T) {
	p := pack(t, "dostek")
	if got := p.Refund(142000, false); got != 142000 {
		t.Errorf("refund %v", got)
	}
}

func TestUB28_DeadlinesRunByTheClock(t *testing.T) {
	p := pack(t, "ubr")
	d := declaration()
	d.Operation, d.Reason = registry.Reissue, registry.ReasonDeviceLost
	accepted := noon.Add(time.Hour) // Friday
	dl := p.Deadlines(registry.FactsOf(&d), registry.Moments{SentAt: noon, AcceptedAt: &accepted})
	if want := noon.Add(24 * time.Hour); dl.RevokeBy == nil || !dl.RevokeBy.Equal(want) {
		t.Errorf("revoke by %v, want %v", dl.RevokeBy, want)
	}
	monday := registry.Date{Year: 2026, Month: 11, Day: 23}
	if dl.IssueDue != monday || !dl.IssueDueAt.Equal(monday.End(p.Zone())) {
		t.Errorf("issue due %v, %v", dl.IssueDue, dl.IssueDueAt)
	}
	if e := dl.Earliest(); e == nil || !e.Equal(*dl.RevokeBy) {
		t.Errorf("earliest %v", e)
	}
}

func TestA22_Reminders(t *testing.T) {
	got := pack(t, "dostek").Reminders(noon)
	want := []time.Time{noon.AddDate(0, 0, -30), noon.AddDate(0, 0, -14), noon.AddDate(0, 0, -7), noon.AddDate(0, 0, -1)}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestA32_TermOfARenewalAndOfAReissue(t *testing.T) {
	d := declaration()
	dos, ubr := pack(t, "dostek"), pack(t, "ubr")
	for _, tc := range []struct {
		name string
		pack *Pack
		op   registry.Operation
		from time.Time
	}{
		{"Dos Tek renewal begins at the old one's end", dos, registry.Renewal, d.Predecessor.NotAfter},
		{"a reissue begins at once", dos, registry.Reissue, noon},
		{"UBR begins with the making", ubr, registry.Reissue, noon},
		{"a first issue begins at once", dos, registry.FirstIssue, noon},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := d
			d.Operation = tc.op
			if tc.op == registry.FirstIssue {
				d.Predecessor = nil
			}
			nb, na := tc.pack.Term(registry.FactsOf(&d), noon)
			if !nb.Equal(tc.from) || !na.Equal(registry.NextYear(tc.from, tc.pack.Zone())) {
				t.Errorf("%s to %s", nb, na)
			}
		})
	}
}

func TestA20_TheOfficeOfManas(t *testing.T) {
	o, ok := pack(t, "dostek").Office("JALAL_ABAD")
	if !ok || !strings.Contains(o.Name.Ky, "Манас") || !slices.Contains(o.Aliases, "Жалал-Абад") {
		t.Errorf("%+v", o)
	}
}

// TestA20_ARenamedTownIsNoMove: the town that was renamed is where it was; the
// next one is not.
func TestA20_ARenamedTownIsNoMove(t *testing.T) {
	p := pack(t, "dostek")
	for _, tc := range []struct {
		before, now string
		moved       bool
	}{
		{"г. Джалал-Абад", "г. Манас", false},
		{"Жалал-Абад", " манас ", false},
		{"г. Манас", "г. Ош", true},
		{"г. Ош", "с. Манас", true}, // a village of the name
		{"г. Бишкек", "г. Бишкек", false},
	} {
		var before, now registry.Declaration
		before.Organisation.Settlement.Ru, now.Organisation.Settlement.Ru = tc.before, tc.now
		if got := slices.Contains(p.Changes(&before, &now), registry.OrgSettlement); got != tc.moved {
			t.Errorf("%s, then %s: moved %t", tc.before, tc.now, got)
		}
		if now.Organisation.Settlement.Code != "" {
			t.Error("the declaration was changed")
		}
	}
}

// TestA20_DT25_InEitherLanguage: both names are looked at.
func TestA20_DT25_InEitherLanguage(t *testing.T) {
	p := pack(t, "dostek")
	for _, tc := range []struct {
		name        string
		before, now registry.Settlement
		moved       bool
	}{
		{"renamed, in Kyrgyz", registry.Settlement{Ky: "Жалал-Абад ш."}, registry.Settlement{Ky: "Манас шаары"}, false},
		{"renamed, in both", registry.Settlement{Ru: "г. Джалал-Абад", Ky: "Жалал-Абад ш."}, registry.Settlement{Ru: "город Манас", Ky: "Манас ш."}, false},
		{"renamed, no language in common", registry.Settlement{Ru: "г. Джалал-Абад"}, registry.Settlement{Ky: "Манас ш."}, false},
		{"renamed, one language dropped", registry.Settlement{Ru: "г. Джалал-Абад", Ky: "Жалал-Абад ш."}, registry.Settlement{Ky: "Манас ш."}, false},
		{"moved, in Kyrgyz only", registry.Settlement{Ky: "Жалал-Абад ш."}, registry.Settlement{Ky: "Ош ш."}, true},
		{"moved, said in Kyrgyz only", registry.Settlement{Ru: "г. Джалал-Абад", Ky: "Жалал-Абад ш."}, registry.Settlement{Ru: "г. Манас", Ky: "Ош ш."}, true},
		{"moved, no language in common", registry.Settlement{Ru: "г. Манас"}, registry.Settlement{Ky: "Ош ш."}, true},
		{"a village of the name", registry.Settlement{Ky: "Ош ш."}, registry.Settlement{Ky: "Манас айылы"}, true},
	} {
		var before, now registry.Declaration
		before.Organisation.Settlement, now.Organisation.Settlement = tc.before, tc.now
		if got := slices.Contains(p.Changes(&before, &now), registry.OrgSettlement); got != tc.moved {
			t.Errorf("%s: moved %t", tc.name, got)
		}
	}
}

// TestA27_TheExitButtonSaysVyiti: the picture of the seed, not its text.
func TestA27_TheExitButtonSaysVyiti(t *testing.T) {
	data, err := os.ReadFile("../../templates/locales/ru.toml")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(data), `"Выйти"`) {
		t.Error("no button says «Выйти»")
	}
}

// Every reason that closes the remote way has words and rules of its own; a
// replaced signatory is told as what it is.
func TestDT24_DT28_EveryReasonHasWords(t *testing.T) {
	p, err := Load("dostek")
	if err != nil {
		t.Fatal(err)
	}
	f := registry.Facts{
		Operation: registry.Renewal, Channel: registry.Remote, Storage: registry.Rutoken, Changed: registry.Requisites[:],
		Replaced: []registry.SignatoryRole{registry.Head}, Predecessor: &registry.Predecessor{Revoked: true},
	}
	el := p.RemoteEligibility(f, time.Now())
	words := p.ClosedBecause(f, el)
	if len(words) != len(el.Blocking)+1 {
		t.Errorf("%d reasons, %d in words", len(el.Blocking), len(words))
	}
	f.Changed = nil
	words = p.ClosedBecause(f, p.RemoteEligibility(f, time.Now()))
	if len(words) != 4 || words[2].Code != SignatoryReplaced {
		t.Errorf("%+v", words)
	}
	for _, w := range words {
		for _, l := range registry.Languages {
			if w.Label.In(l) == "" || w.Why.In(l) == "" {
				t.Errorf("%s has no words in %s", w.Code, l)
			}
		}
	}
}
