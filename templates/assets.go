package templates

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"sort"
	"strconv"
	"strings"
)

//go:embed all:assets
var assetFiles embed.FS

// AssetsPrefix is where assets are served.
const AssetsPrefix = "/assets/"

// Bundles are made of several files, in this order, when the program starts:
// one style sheet, so that no rule of Tabler's ever shows without ours, and
// one script. A vendored file that is not there (a fresh clone before
// scripts/vendor-assets.sh) is left out.
var bundles = map[string][]string{
	"app.css": {"vendor/tabler.css", "tamga.css"},
	"app.js": {
		"vendor/htmx.min.js",
		"js/keep.js", "js/keys.js", "js/upload.js", "js/page.js",
	},
}

// Assets are the files pages link to: own ones, vendored ones and bundles. The
// URL carries a checksum over all of them, so browsers may keep them for ever.
type Assets struct {
	sum   string
	files map[string]asset
}

type asset struct {
	body []byte
	gzip []byte // nil when compressing does not help
	kind string
}

func loadAssets() (*Assets, error) {
	a := &Assets{files: map[string]asset{}}
	raw := map[string][]byte{}
	err := fs.WalkDir(assetFiles, "assets", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(d.Name(), ".") {
			return err
		}
		body, err := assetFiles.ReadFile(p)
		if err != nil {
			return err
		}
		raw[strings.TrimPrefix(p, "assets/")] = body
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading assets: %w", err)
	}
	for name, parts := range bundles {
		var b bytes.Buffer
		for _, part := range parts {
			b.Write(raw[part])
			b.WriteByte('\n')
		}
		raw[name] = b.Bytes()
	}
	names := make([]string, 0, len(raw))
	for name := range raw {
		names = append(names, name)
	}
	sort.Strings(names)
	sum := sha256.New()
	for _, name := range names {
		fmt.Fprintf(sum, "%s %d\n", name, len(raw[name]))
		sum.Write(raw[name])
		file, err := newAsset(name, raw[name])
		if err != nil {
			return nil, err
		}
		a.files[name] = file
	}
	a.sum = base64.RawURLEncoding.EncodeToString(sum.Sum(nil)[:9])
	return a, nil
}

func newAsset(name string, body []byte) (asset, error) {
	kind := mime.TypeByExtension(path.Ext(name))
	switch path.Ext(name) { // not left to the machine's tables
	case ".js":
		kind = "text/javascript; charset=utf-8"
	case ".css":
		kind = "text/css; charset=utf-8"
	case ".svg":
		kind = "image/svg+xml"
	case ".woff2":
		kind = "font/woff2"
	}
	if kind == "" {
		kind = "application/octet-stream"
	}
	f := asset{body: body, kind: kind}
	if strings.HasPrefix(kind, "text/") || kind == "image/svg+xml" {
		var b bytes.Buffer
		z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
		if err != nil {
			return f, err
		}
		if _, err := z.Write(body); err != nil {
			return f, err
		}
		if err := z.Close(); err != nil {
			return f, err
		}
		if b.Len() < len(body)*9/10 {
			f.gzip = b.Bytes()
		}
	}
	return f, nil
}

// URL returns the path of an asset, with the checksum. An asset that does not
// exist is an error: the page fails in tests, not in a browser.
func (a *Assets) URL(name string) (string, error) {
	if _, ok := a.files[name]; !ok && !strings.HasPrefix(name, "vendor/") {
		return "", fmt.Errorf("no asset %q", name)
	}
	return AssetsPrefix + a.sum + "/" + name, nil
}

// Complete says whether the vendored files were there when the program was
// built.
func (a *Assets) Complete() bool {
	_, css := a.files["vendor/tabler.css"]
	_, js := a.files["vendor/htmx.min.js"]
	return css && js
}

// ServeHTTP serves AssetsPrefix. A checksum of another build gets the present
// file, without leave to keep it.
func (a *Assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	sum, name, ok := strings.Cut(strings.TrimPrefix(r.URL.Path, AssetsPrefix), "/")
	f, found := a.files[name]
	if !ok || !found {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("X-Content-Type-Options", "nosniff")
	if sum == a.sum {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		h.Set("Cache-Control", "no-cache")
	}
	body := f.body
	if f.gzip != nil {
		h.Set("Vary", "Accept-Encoding")
		if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			h.Set("Content-Encoding", "gzip")
			body = f.gzip
		}
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method == http.MethodGet {
		_, _ = w.Write(body)
	}
}
