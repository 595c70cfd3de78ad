//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"encoding/base64"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// pdfPaper writes a scanned paper as a PDF file and returns its path.
func pdfPaper(t *testing.T, name, title string) string {
	t.Helper()
	pdf := fpdf.New("P", "mm", "A4", "")
	pdf.AddPage()
	pdf.SetFont("Times", "B", 18)
	pdf.MultiCell(160, 10, title, "", "C", false)
	pdf.Circle(150, 120, 18, "D")
	path := filepath.Join(t.TempDir(), name)
	if err := pdf.OutputFileAndClose(path); err != nil {
		t.Fatal(err)
	}
	return path
}

// jpegPaper writes a photographed paper as a JPEG file.
func jpegPaper(t *testing.T, name string) string {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 900, 1270))
	for y := range 1270 {
		for x := range 900 {
			c := color.RGBA{252, 251, 246, 255}
			if y%40 < 3 && x > 90 && x < 810 {
				c = color.RGBA{40, 40, 60, 255}
			}
			img.Set(x, y, c)
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Drop drags files from the desktop onto an element and lets go.
func (p *Page) Drop(selector string, files ...string) {
	p.t.Helper()
	var at struct{ X, Y float64 }
	const js = `(() => { const e = document.querySelector(SEL); e.scrollIntoView({block: 'center'}); const r = e.getBoundingClientRect(); return {X: r.x + r.width / 2, Y: r.y + r.height / 2}; })()`
	p.Run(chromedp.WaitVisible(selector, chromedp.ByQuery), chromedp.Evaluate(strings.Replace(js, "SEL", "'"+selector+"'", 1), &at))
	data := &input.DragData{Items: []*input.DragDataItem{}, Files: files, DragOperationsMask: 1}
	for _, kind := range []input.DispatchDragEventType{input.DragEnter, input.DragOver} {
		p.Run(input.DispatchDragEvent(kind, at.X, at.Y, data))
	}
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if _, err := chromedp.RunResponse(ctx, input.DispatchDragEvent(input.Drop, at.X, at.Y, data)); err != nil {
		p.t.Fatalf("dropping files at %s: %v", p.where(), err)
	}
}

// Paper does something that opens a PDF, and returns its text.
func (p *Page) Paper(do func()) string {
	p.t.Helper()
	body := make(chan []byte, 1)
	ctx, cancel := context.WithCancel(p.ctx)
	defer cancel()
	chromedp.ListenTarget(ctx, func(event any) {
		paused, ok := event.(*fetch.EventRequestPaused)
		if !ok {
			return
		}
		go func() {
			_ = chromedp.Run(ctx, chromedp.ActionFunc(func(ctx context.Context) error {
				for _, h := range paused.ResponseHeaders {
					if strings.EqualFold(h.Name, "Content-Type") && h.Value == "application/pdf" {
						if b, err := fetch.GetResponseBody(paused.RequestID).Do(ctx); err == nil {
							body <- b
						}
					}
				}
				return fetch.ContinueRequest(paused.RequestID).Do(ctx)
			}))
		}()
	})
	p.Run(fetch.Enable().WithPatterns([]*fetch.RequestPattern{{URLPattern: "*", RequestStage: fetch.RequestStageResponse}}))
	do()
	var pdf []byte
	select {
	case pdf = <-body:
	case <-time.After(patience):
		p.t.Fatalf("no PDF came at %s\n%s", p.where(), p.body())
	}
	p.Run(fetch.Disable())
	if decoded, err := base64.StdEncoding.DecodeString(string(pdf)); err == nil {
		pdf = decoded
	}
	cmd := exec.CommandContext(p.t.Context(), "pdftotext", "-layout", "-", "-")
	cmd.Stdin = bytes.NewReader(pdf)
	text, err := cmd.Output()
	if err != nil {
		p.t.Fatalf("pdftotext (Debian: poppler-utils): %v", err)
	}
	return string(text)
}
