package handlers

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

func TestCalendarShowsWhoEndsAndWhoOrdered(t *testing.T) {
	h := newShop(t, "dostek")
	end := func(n int, at time.Time) *registry.Certificate {
		return h.certify(h.org.ID, n, at.AddDate(-1, 0, 0), at)
	}
	noon := time.Date(2026, 5, 12, 6, 0, 0, 0, time.UTC) // of Bishkek
	idle, renewed := end(21, noon), end(22, noon.Add(time.Hour))
	end(23, time.Date(2026, 5, 12, 18, 30, 0, 0, time.UTC)) // after midnight of the 13th there
	next := *renewed
	next.NotBefore, next.NotAfter = renewed.NotAfter, renewed.NotAfter.AddDate(1, 0, 0)
	h.register(next, 24)
	clerk := h.as(registry.Clerk, 0)
	page := clerk.do(http.MethodGet, "/calendar?month=2026-05", nil)
	see(t, page, http.StatusOK, "Май 2026", "month=2026-04", "month=2026-06", "Буйрутма жок: 1", "Жаңыртылган: 1", "12.05.2026 12:00:00", "13.05.2026 00:30:00")
	day := clerk.do(http.MethodGet, "/calendar?month=2026-05&day=12&state=nothing", nil)
	see(t, day, http.StatusOK, "12.05.2026 12:00:00")
	if b := day.Body.String(); strings.Contains(b, "12.05.2026 13:00:00") || strings.Contains(b, "13.05.2026 00:30:00") {
		t.Error("the filters let others through")
	}
	see(t, clerk.do(http.MethodGet, "/calendar?month=2030-01", nil), http.StatusOK, "сертификат жок")
	for _, odd := range []string{"", "?month=13", "?month=2026-05&day=32&state=odd&after=x", "?after=1.1&month=2026-05"} {
		see(t, clerk.do(http.MethodGet, "/calendar"+odd, nil), http.StatusOK)
	}
	see(t, h.as(registry.Administrator, 0).do(http.MethodGet, "/calendar", nil), http.StatusForbidden)
	see(t, h.client(idle).do(http.MethodGet, "/calendar", nil), http.StatusForbidden)
}

func TestCalendarPagesAndExport(t *testing.T) {
	h := newShop(t, "dostek")
	for n := range endingsShown + 5 {
		h.certify(h.org.ID, 100+n, time.Date(2025, 5, 12, 6, n, 0, 0, time.UTC), time.Date(2026, 5, 12, 6, n, 0, 0, time.UTC))
	}
	auditor := h.as(registry.Auditor, 0)
	first := auditor.do(http.MethodGet, "/calendar?month=2026-05", nil)
	see(t, first, http.StatusOK, "12:49:00", "after=")
	if strings.Contains(first.Body.String(), "12:50:00") {
		t.Error("the first page has no end")
	}
	at := time.Date(2026, 5, 12, 6, 49, 0, 0, time.UTC).UnixMicro()
	see(t, auditor.do(http.MethodGet, fmt.Sprintf("/calendar?month=2026-05&after=%d.9999", at), nil), http.StatusOK, "12:50:00", "12:54:00")
	file := auditor.do(http.MethodGet, "/calendar.csv?month=2026-05", nil)
	see(t, file, http.StatusOK, "12:00:00", "12:54:00", "EC:03:5F")
	if b := file.Body.String(); !strings.HasPrefix(b, "\ufeff") || strings.Count(b, "\r\n") != endingsShown+6 {
		t.Errorf("%d lines", strings.Count(b, "\r\n"))
	}
	// The file holds what the page shows: the chosen day, the chosen state.
	for query, lines := range map[string]int{"&day=12": endingsShown + 6, "&day=13": 1, "&day=12&state=nothing": endingsShown + 6, "&state=renewed": 1} {
		file := auditor.do(http.MethodGet, "/calendar.csv?month=2026-05"+query, nil)
		if n := strings.Count(file.Body.String(), "\r\n"); file.Code != http.StatusOK || n != lines {
			t.Errorf("%s: %d, %d lines, want %d", query, file.Code, n, lines)
		}
	}
	book := workbook(t, auditor.do(http.MethodGet, "/calendar.xlsx?month=2026-05&day=12", nil))
	if !strings.Contains(book, "12.05.2026 12:54:00") || strings.Count(book, "<row ") != endingsShown+6 {
		t.Errorf("the workbook has %d rows: %.2000s", strings.Count(book, "<row "), book)
	}
	see(t, auditor.do(http.MethodGet, "/calendar?month=2026-05&day=12", nil), http.StatusOK, "/calendar.xlsx?day=12&amp;month=2026-05")
	client := h.client(h.certify(h.org.ID, 99, testNow, testNow.AddDate(1, 0, 0)))
	for _, path := range []string{"/calendar.csv", "/calendar.xlsx"} {
		see(t, h.as(registry.Administrator, 0).do(http.MethodGet, path+"?month=2026-05", nil), http.StatusForbidden)
		see(t, client.do(http.MethodGet, path, nil), http.StatusForbidden)
	}
	var found bool
	h.readTx(func(tx *store.Tx) error {
		entries, err := tx.Journal(store.JournalFilter{Kind: "calendar.exported", From: testNow.AddDate(-1, 0, 0), To: testNow.AddDate(1, 0, 0), Limit: 10})
		found = len(entries) == 6
		return err
	})
	if !found {
		t.Error("the journal does not tell of the export")
	}
}
