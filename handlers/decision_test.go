package handlers

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
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
