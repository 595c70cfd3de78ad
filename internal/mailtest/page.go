package mailtest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// ServeHTTP shows what came as plain text, the newest first. Whoever reaches it
// reads all of it: loopback and the demo only.
func (c *Catcher) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	for _, m := range slices.Backward(c.Messages()) {
		content, err := m.Content()
		if err != nil {
			content = Content{Text: string(m.Raw)}
		}
		_, _ = fmt.Fprintf(w, "Date: %s\nTo: %s\nSubject: %s\n\n%s\n", m.At.Format(time.RFC3339), strings.Join(m.To, ", "), content.Subject, strings.TrimSpace(content.Text))
		for _, a := range content.Attachments {
			_, _ = fmt.Fprintf(w, "[%s, %d B]\n", a.Name, len(a.Content))
		}
		_, _ = fmt.Fprintf(w, "%s\n\n", strings.Repeat("-", 72))
	}
}
