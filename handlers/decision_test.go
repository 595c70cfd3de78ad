package handlers

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// The approver opens every paper that is decided on: of a document for which a
// paper on file stands in, that paper.
func TestA12_TheApproverSeesThePaperThatStandsIn(t *testing.T) {
	d := newCounter(t, "dostek")
	ctx := context.Background()
	clerk := d.as(registry.Clerk, 0)
	for i := range 2 {
		form := values(typed(1), url.Values{"version": {"0"}, "tab": {fmt.Sprint("t", i)}})
		see(t, clerk.post("/applications/submit", form), http.StatusSeeOther)
	}
	first, now := d.application("26-0001"), d.application("26-0002")
	earlier, doc := d.document(first, "DT-REG-CERT"), d.document(now, "DT-REG-CERT")
	see(t, clerk.upload(fmt.Sprintf("/documents/%d/files", earlier.ID), "күбөлүк.png", aScan(t, 1)), http.StatusSeeOther)
	earlier = d.document(first, "DT-REG-CERT")
	see(t, clerk.post(fmt.Sprintf("/documents/%d/accept", earlier.ID), url.Values{"version": {fmt.Sprint(earlier.Version)}}), http.StatusSeeOther)
	var file registry.File
	if err := d.st.Write(ctx, func(tx *store.Tx) error {
		files, err := tx.FilesOfDocument(earlier.ID)
		if err != nil {
			return err
		}
		file = files[0]
		app, err := tx.LockApplication(first.ID)
		if err != nil {
			return err
		}
		from := app.Status
		app.Status = registry.Completed
		return tx.MoveApplication(app, from, testNow)
	}); err != nil {
		t.Fatal(err)
	}
	see(t, clerk.post(fmt.Sprintf("/documents/%d/link", doc.ID), url.Values{"version": {fmt.Sprint(doc.Version)}, "earlier": {fmt.Sprint(earlier.ID)}}), http.StatusSeeOther)
	see(t, d.as(registry.Approver, 0).do(http.MethodGet, "/decisions/26-0002", nil), http.StatusOK, fmt.Sprintf(`href="/files/%d"`, file.ID))
}

// The approver sees everything that is signed and judged, beside what is on
// file.
func TestTheApproverSeesEveryRequisite(t *testing.T) {
	d := newCounter(t, "ubr")
	see(t, d.as(registry.Clerk, 0).post("/applications/submit", values(typed(1), url.Values{
		"version": {"0"}, "managing": {"ORGANISATION"}, "managing.name_ru": {"Тоо Башкаруу"}, "managing.inn": {"00503201719955"},
		"head.citizenship": {"KAZ"}, "head.document.number": {"N1234567"},
	})), http.StatusSeeOther)
	app := d.application("26-0001")
	accountant := *app.Declaration.Accountant
	accountant.Citizenship, accountant.Document.Number = "RUS", "7654321"
	if err := d.st.Write(t.Context(), func(tx *store.Tx) error {
		org := app.Declaration.Organisation
		org.Street = "Манас көчөсү, 1"
		if _, err := tx.SaveOrganisation(org, testNow); err != nil {
			return err
		}
		return tx.SavePersons(testNow, accountant)
	}); err != nil {
		t.Fatal(err)
	}
	row := func(label, old, now string) string {
		return `<tr><th scope="row">` + label + `</th><td>` + old + `</td><td>` + now + `</td></tr>`
	}
	const same = "ошол эле"
	see(t, d.as(registry.Approver, 0).do(http.MethodGet, "/decisions/26-0001", nil), http.StatusOK,
		row("Көчөсү жана үйү", "Манас көчөсү, 1", "<ins>Чүй пр., 0</ins>"),
		row("Башкаруучу уюм же башкаруучу", "–", "Тоо Башкаруу"), row("ИНН", "–", "00503201719955"),
		row("Персоналдык номер (ПИН)", "–", "11405198010010"), row("Жарандыгы", "–", "KAZ"), row("Жеке маалыматтарды иштетүүгө макулдук", "–", "Ооба"),
		row("Персоналдык номер (ПИН)", "11405198010011", same), row("Жарандыгы", "RUS", "<ins>KGZ</ins>"), row("Жеке маалыматтарды иштетүүгө макулдук", "Ооба", same),
		row("Ишенимдүү адам", "–", "Асанова Мээрим"), row("Паспортунун сериясы жана номери", "–", "ID0000012"))
}

// What stands against an approval is said where it would be chosen, and it is
// not offered; to refuse and to send back stay.
func TestAnApprovalThatIsBarredIsNotOffered(t *testing.T) {
	d := newCounter(t, "dostek")
	clerk, approver := d.as(registry.Clerk, 0), d.as(registry.Approver, 0)
	see(t, clerk.post("/applications/submit", values(typed(1), url.Values{"version": {"0"}})), http.StatusSeeOther)
	app := d.application("26-0001")
	write := func(do func(*store.Tx) error) {
		t.Helper()
		if err := d.st.Write(t.Context(), do); err != nil {
			t.Fatal(err)
		}
	}
	write(func(tx *store.Tx) error {
		app.Status = registry.Verified // what stands between is tested apart
		return tx.MoveApplication(app, registry.Submitted, testNow)
	})
	barred := func(says string) {
		t.Helper()
		see(t, approver.do(http.MethodGet, "/decisions/26-0001", nil), http.StatusOK, `value="approve" required disabled`, says, `value="refuse" required>`, `value="send_back" required>`)
		in := url.Values{"version": {fmt.Sprint(d.application("26-0001").Version)}, "action": {"approve"}}
		rec := approver.post("/decisions/26-0001/text", in)
		see(t, rec, http.StatusConflict, says)
		if strings.Contains(rec.Body.String(), `name="pin"`) {
			t.Error("the PIN-code is asked for in vain")
		}
		in.Set("action", "send_back")
		in.Set("remark", "Кайра караңыз")
		see(t, approver.post("/decisions/26-0001/text", in), http.StatusOK, `name="pin"`)
	}
	barred("Чечими жок документтер бар")
	write(func(tx *store.Tx) error {
		docs, err := tx.Documents(app.ID)
		for _, doc := range docs {
			doc.Status = registry.DocAccepted
			if err = tx.JudgeDocument(doc, testNow); err != nil {
				return err
			}
		}
		return err
	})
	barred("Жетишпеген сумма")
	write(func(tx *store.Tx) error {
		_, err := tx.AddAccountEntry(registry.Entry{
			OrganisationID: app.OrganisationID, Kind: registry.EntryTopUp, Amount: 1_000_000, Reference: "PP-1",
			CreatedBy: d.who[registry.Clerk][0].ID, ConfirmedBy: d.who[registry.Clerk][1].ID, CreatedAt: testNow,
		})
		return err
	})
	see(t, approver.do(http.MethodGet, "/decisions/26-0001", nil), http.StatusOK, `value="approve" required>`, "Сертификаттар чыгарылат")
	write(func(tx *store.Tx) error {
		me := d.who[registry.Approver][0]
		_, err := tx.AddHand(app.ID, store.Hand{PersonalNumber: me.Person.PersonalNumber, OperatorID: me.ID, Act: registry.ActEdit, At: testNow})
		return err
	})
	barred("Арызды башка адис бекитиши керек")
}
