package scan

import (
	"bytes"
	"compress/zlib"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"hash/crc32"
	"os"
	"slices"
	"strings"
	"testing"

	"codeberg.org/go-pdf/fpdf"

	"github.com/tamga-ca/tamga/internal/registry"
)

func deflate(t testing.TB, s string) string {
	t.Helper()
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	if _, err := z.Write([]byte(s)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestInspectTakesOrdinaryFiles(t *testing.T) {
	open := onePage("/OpenAction [3 0 R /FitH null] /ViewerPreferences << /DisplayDocTitle true >>", "")
	link := paper(t, 1, func(p *fpdf.Fpdf) { p.LinkString(10, 10, 20, 20, "https://example.kg/") })
	cases := map[string]struct {
		content       []byte
		media         string
		pages, wd, ht int
	}{
		"a page":            {paper(t, 1, nil), mediaPDF, 1, 0, 0},
		"seven pages":       {paper(t, 7, nil), mediaPDF, 7, 0, 0},
		"opens at a page":   {open, mediaPDF, 1, 0, 0},
		"opens by GoTo":     {onePage("/OpenAction << /S /GoTo /D [3 0 R /Fit] >>", ""), mediaPDF, 1, 0, 0},
		"with a link":       {link, mediaPDF, 1, 0, 0},
		"spaces at the end": {append(paper(t, 1, nil), "\r\n\r\n \x00"...), mediaPDF, 1, 0, 0},
		"a photograph in it": {paper(t, 1, func(p *fpdf.Fpdf) {
			p.RegisterImageOptionsReader("p", fpdf.ImageOptions{ImageType: "JPG"}, bytes.NewReader(photo(t, 50, 40)))
			p.Image("p", 10, 30, 50, 0, false, "", 0, "")
		}), mediaPDF, 1, 0, 0},
		"JPEG":                        {photo(t, 64, 48), mediaJPEG, 1, 64, 48},
		"JPEG with a phone's trailer": {append(photo(t, 64, 48), "\x00\x00SEFHe\x00\x00SEFT"...), mediaJPEG, 1, 64, 48},
		"PNG":                         {screenshot(t, 30, 20), mediaPNG, 1, 30, 20},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			f, err := Inspect(context.Background(), bytes.NewReader(c.content), 0)
			if err != nil {
				t.Fatal(err)
			}
			sum := sha256.Sum256(c.content)
			if f.MediaType != c.media || f.Pages != c.pages || f.Width != c.wd || f.Height != c.ht ||
				f.Size != int64(len(c.content)) || f.SHA256 != hex.EncodeToString(sum[:]) || !bytes.Equal(f.Content, c.content) {
				t.Errorf("got %s, %d pages, %d×%d, %d bytes", f.MediaType, f.Pages, f.Width, f.Height, f.Size)
			}
		})
	}
}

// bigPNG says that it is w by h and holds little.
func bigPNG(t testing.TB, w, h uint32, pixels string) []byte {
	t.Helper()
	var b bytes.Buffer
	b.WriteString("\x89PNG\r\n\x1a\n")
	chunk := func(kind, body string) {
		_ = binary.Write(&b, binary.BigEndian, uint32(len(body)))
		b.WriteString(kind + body)
		_ = binary.Write(&b, binary.BigEndian, crc32.ChecksumIEEE([]byte(kind+body)))
	}
	head := binary.BigEndian.AppendUint32(nil, w)
	head = binary.BigEndian.AppendUint32(head, h)
	chunk("IHDR", string(head)+"\x08\x00\x00\x00\x00")
	chunk("IDAT", deflate(t, pixels))
	chunk("IEND", "")
	return b.Bytes()
}

func TestInspectRefuses(t *testing.T) {
	good := paper(t, 1, nil)
	picture := photo(t, 120, 120)
	shot := screenshot(t, 20, 20)
	js := "<< /S /JavaScript /JS (app.alert\\(1\\)) >>"
	broken := bytes.Clone(shot)
	broken[len(broken)-20] ^= 1
	cases := map[string]struct {
		content []byte
		key     string
	}{
		"nothing":             {nil, "error.file.empty"},
		"text":                {[]byte("Салам"), "error.file.type"},
		"HTML":                {[]byte("<!DOCTYPE html><html><script>alert(1)</script></html>"), "error.file.type"},
		"SVG":                 {[]byte(`<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>`), "error.file.type"},
		"GIF":                 {[]byte("GIF89a\x01\x00\x01\x00\x00\x00\x00;"), "error.file.type"},
		"a program":           {[]byte("MZ\x90\x00\x03" + repeat("\x00", 200)), "error.file.type"},
		"PDF by name only":    {[]byte("%PDF-1.7 and nothing more"), "error.file.damaged"},
		"PDF cut off":         {good[:len(good)/2], "error.file.damaged"},
		"something before":    {append([]byte("x\n"), good...), "error.file.type"},
		"HTML before":         {append([]byte("<html><body onload=alert(1)>\n"), good...), "error.file.type"},
		"no pages":            {rawPDF("", "<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [] /Count 0 >>"), "error.file.damaged"},
		"too many pages":      {paper(t, maxPages+1, nil), "error.file.pages"},
		"JavaScript on open":  {onePage("/OpenAction "+js, ""), "error.file.script"},
		"JavaScript by fpdf":  {paper(t, 1, func(p *fpdf.Fpdf) { p.SetJavascript("print(true);") }), "error.file.script"},
		"JavaScript by name":  {onePage("/Names << /JavaScript << /Names [(a) 4 0 R] >> >>", "", js), "error.file.script"},
		"name with escapes":   {onePage("/OpenAction << /S /J#61vaScript /J#53 (1) >>", ""), "error.file.script"},
		"only /JS":            {onePage("/OpenAction 4 0 R", "", "<< /S /Rendition /JS (1) >>"), "error.file.script"},
		"in an object stream": {inObjectStream(t, js), "error.file.script"},
		"launch":              {onePage("/OpenAction << /S /Launch /F (cmd.exe) >>", ""), "error.file.script"},
		"launch in a link": {onePage("", "/Annots [4 0 R]",
			"<< /Type /Annot /Subtype /Link /Rect [0 0 9 9] /A << /S /Launch /F (a.exe) >> >>"), "error.file.script"},
		"opens another file":        {onePage("/OpenAction << /S /GoToR /F (//host/x.pdf) /D [0 /Fit] >>", ""), "error.file.script"},
		"opens a page of the web":   {onePage("/OpenAction << /S /URI /URI (http://x/) >>", ""), "error.file.script"},
		"additional actions":        {onePage("", "/AA << /O << /S /Named /N /Print >> >>"), "error.file.script"},
		"sends a form":              {onePage("/OpenAction << /S /SubmitForm /F (http://x/) >>", ""), "error.file.script"},
		"unreferenced action":       {onePage("", "", "<< /Type /Action /S /ImportData /F (x) >>"), "error.file.script"},
		"XFA":                       {onePage("/AcroForm << /Fields [] /XFA 4 0 R >>", "", stream("", "<xdp/>")), "error.file.active"},
		"attached by fpdf":          {paper(t, 1, func(p *fpdf.Fpdf) { p.SetAttachments([]fpdf.Attachment{{Content: []byte("MZ"), Filename: "a.exe"}}) }), "error.file.active"},
		"attached":                  {onePage("/Names << /EmbeddedFiles << /Names [(a) 4 0 R] >> >>", "", "<< /Type /Filespec /F (a) /EF << /F 5 0 R >> >>", stream("/Type /EmbeddedFile", "MZ")), "error.file.active"},
		"rich media":                {onePage("", "/Annots [4 0 R]", "<< /Type /Annot /Subtype /RichMedia /Rect [0 0 9 9] >>"), "error.file.active"},
		"film":                      {onePage("", "/Annots [4 0 R]", "<< /Type /Annot /Subtype /Movie /Rect [0 0 9 9] /Movie << /F (a.avi) >> >>"), "error.file.active"},
		"password":                  {paper(t, 1, func(p *fpdf.Fpdf) { p.SetProtection(fpdf.CnProtectPrint, "1234", "5678") }), "error.file.encrypted"},
		"password of the owner":     {paper(t, 1, func(p *fpdf.Fpdf) { p.SetProtection(fpdf.CnProtectPrint, "", "5678") }), "error.file.encrypted"},
		"HTML in a comment":         {bytes.Replace(good, []byte("\n"), []byte("\n%<script>alert(1)</script>\n"), 1), "error.file.script"},
		"something after":           {append(bytes.Clone(good), "GIF89a"...), "error.file.active"},
		"archive after":             {append(bytes.Clone(good), "PK\x03\x04PK\x05\x06"+repeat("\x00", 18)...), "error.file.active"},
		"script left in a revision": {append(bytes.Clone(good), "9 0 obj\n"+js+"\nendobj\n%%EOF\n"...), "error.file.script"},
		"JPEG cut off":              {picture[:len(picture)-10], "error.file.damaged"},
		"JPEG without picture":      {[]byte("\xff\xd8\xff\xe0\x00\x04ab\xff\xd9"), "error.file.damaged"},
		"JPEG and PDF":              {append(bytes.Clone(picture), good...), "error.file.active"},
		"JPEG and HTML":             {append(bytes.Clone(picture), "<SCRIPT>"...), "error.file.active"},
		"JPEG and archive":          {append(bytes.Clone(picture), "PK\x05\x06"+repeat("\x00", 18)...), "error.file.active"},
		"PNG cut off":               {shot[:len(shot)-12], "error.file.damaged"},
		"PNG broken":                {broken, "error.file.damaged"},
		"PNG and HTML":              {append(bytes.Clone(shot), "<html>"...), "error.file.active"},
		"PNG too wide":              {bigPNG(t, maxSide+1, 10, "x"), "error.file.dimensions"},
		"PNG of too many pixels":    {bigPNG(t, maxSide, maxSide, "x"), "error.file.dimensions"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			f, err := Inspect(context.Background(), bytes.NewReader(c.content), 0)
			var refusal *registry.Error
			if f != nil || !errors.As(err, &refusal) || refusal.Key != c.key || refusal.Kind != registry.Invalid {
				t.Errorf("got %v, want %s", err, c.key)
			}
		})
	}
}

func TestInspectSize(t *testing.T) {
	content := paper(t, 1, nil)
	n := int64(len(content))
	if _, err := Inspect(context.Background(), bytes.NewReader(content), n); err != nil {
		t.Errorf("at the limit: %v", err)
	}
	_, err := Inspect(context.Background(), bytes.NewReader(content), n-1)
	var refusal *registry.Error
	if !errors.As(err, &refusal) || refusal.Key != "error.file.too_large" || refusal.Args["size"] != n || refusal.Args["max"] != n-1 {
		t.Errorf("over the limit: %v %+v", err, refusal)
	}
	_, err = Inspect(context.Background(), bytes.NewReader(make([]byte, MaxSize+5)), 1<<40)
	if !errors.As(err, &refusal) || refusal.Args["max"] != int64(MaxSize) || refusal.Args["size"] != int64(MaxSize+5) {
		t.Errorf("a limit above 20 MiB: %v", err)
	}
	broken := errors.New("line cut")
	if _, err := Inspect(context.Background(), &failing{err: broken}, 0); !errors.Is(err, broken) || registry.KindOf(err) != 0 {
		t.Errorf("a broken line: %v", err)
	}
}

type failing struct{ err error }

func (f *failing) Read([]byte) (int, error) { return 0, f.err }

// A stream that unpacks to gigabytes is given up, not unpacked.
func TestInspectBombs(t *testing.T) {
	zeros := deflate(t, repeat("\x00", 70<<20))
	bomb := bytes.Replace(inObjectStream(t, "<< >>"), []byte("/N 1"), []byte("/N 9"), 1)
	for name, content := range map[string][]byte{
		"object stream": onePage("", "", stream("/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode", zeros)),
		"wrong count":   bomb,
		"deep nesting":  onePage("", "", repeat("[", 5000)+repeat("]", 5000)),
		"circle":        onePage("/Outlines 4 0 R", "", "<< /First 4 0 R /Last 4 0 R /Next 4 0 R /Count 1 >>"),
		"pages in pages": rawPDF("", "<< /Type /Catalog /Pages 2 0 R >>",
			"<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 2 >>"),
	} {
		t.Run(name, func(t *testing.T) {
			if f, err := Inspect(context.Background(), bytes.NewReader(content), 0); err == nil && f.Pages > 1 {
				t.Errorf("taken with %d pages", f.Pages)
			} else if err != nil && registry.KindOf(err) != registry.Invalid {
				t.Errorf("error %v", err)
			}
		})
	}
}

// pdfcpu would otherwise write its configuration there.
func TestInspectWritesNothingHome(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("XDG_CONFIG_HOME", home)
	if _, err := Inspect(context.Background(), bytes.NewReader(paper(t, 1, nil)), 0); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(home)
	if err != nil || len(left) > 0 {
		t.Errorf("left in the home folder: %v, %v", left, err)
	}
}

func TestCleanName(t *testing.T) {
	for in, want := range map[string]string{
		"Паспорт.pdf":                      "Паспорт.pdf",
		`C:\Users\Айгүл\Desktop\устав.PDF`: "устав.pdf",
		"../../etc/passwd":                 "passwd.pdf",
		"a\x00b\r\nc.pdf":                  "abc.pdf",
		"cod\u202efdp.exe":                 "codfdp.pdf",
		"  много   пробелов .pdf":          "много пробелов.pdf",
		"":                                 "scan.pdf",
		"...":                              "scan.pdf",
		"/":                                "scan.pdf",
		".pdf":                             "pdf.pdf",
		"и\u0306.jpg":                      "й.pdf",
		`a"b;c%d*.pdf`:                     "a_b_c_d_.pdf",
		"\xff\xfe.pdf":                     "pdf.pdf",
		"doc.version2final":                "doc.version2final.pdf",
		strings.Repeat("ү", 300) + ".pdf":  strings.Repeat("ү", 116) + ".pdf",
	} {
		if got := CleanName(in, mediaPDF); got != want {
			t.Errorf("CleanName(%q) = %q, want %q", in, got, want)
		}
	}
	if got := CleanName("скан.jpeg", mediaJPEG); got != "скан.jpg" {
		t.Errorf("JPEG: %q", got)
	}
}

func FuzzInspect(f *testing.F) {
	f.Add(paper(f, 1, nil))
	f.Add(onePage("/OpenAction << /S /JavaScript /JS (1) >>", "/Annots [4 0 R]", "<< /Subtype /Link >>"))
	f.Add(inObjectStream(f, "<< /S /JavaScript >>"))
	f.Add(photo(f, 8, 8))
	f.Add(screenshot(f, 8, 8))
	f.Add(bigPNG(f, 10, 10, "x"))
	kinds := []string{mediaPDF, mediaJPEG, mediaPNG}
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := Inspect(context.Background(), bytes.NewReader(b), 1<<20)
		if err != nil {
			if k := registry.KindOf(err); k != registry.Invalid {
				t.Fatalf("error %v", err)
			}
			return
		}
		if !slices.Contains(kinds, got.MediaType) || got.Pages < 1 || bytes.Contains(b, []byte("/JavaScript")) && got.MediaType == mediaPDF {
			t.Fatalf("took %+v", got.MediaType)
		}
	})
}

func FuzzCleanName(f *testing.F) {
	f.Add("../a\x00.pdf")
	f.Add("ө\u0306.JPEG")
	f.Fuzz(func(t *testing.T, s string) {
		got := CleanName(s, mediaPNG)
		if len([]rune(got)) > maxName || strings.ContainsAny(got, "/\\\x00\r\n\"") || !strings.HasSuffix(got, ".png") || len(got) < 5 {
			t.Fatalf("CleanName(%q) = %q", s, got)
		}
	})
}
