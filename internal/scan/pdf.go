package scan

import (
	"bytes"
	"errors"
	"sync"

	"github.com/pdfcpu/pdfcpu/pkg/api"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/model"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"

	"github.com/tamga-ca/tamga/internal/registry"
)

// configure keeps pdfcpu from writing a configuration to the home folder.
var configure = sync.OnceFunc(api.DisableConfigDir)

// inspectPDF refuses what does more than show pages (ISO 32000-1 §12.6, §7.11,
// §12.7.8) and what another program would take for something else.
func (f *Inspected) inspectPDF() error {
	if err := wrapping(f.Content); err != nil {
		return err
	}
	configure()
	conf := model.NewDefaultConfiguration()
	conf.ValidationMode = model.ValidationRelaxed
	conf.Offline = true
	conf.Optimize = false
	conf.Cmd = model.VALIDATE
	conf.Limits = limits()
	ctx, err := api.ReadContext(bytes.NewReader(f.Content), conf)
	switch {
	case errors.Is(err, pdfcpu.ErrWrongPassword) || (err == nil && (ctx.Encrypt != nil || ctx.E != nil)) || (err != nil && mentionsEncryption(f.Content)):
		return registry.Refuse(registry.Invalid, "error.file.encrypted")
	case err != nil:
		return damaged()
	}
	if err := judge(ctx); err != nil {
		return err
	}
	if err := api.ValidateContext(ctx); err != nil {
		return damaged()
	}
	f.Pages = ctx.PageCount
	switch {
	case f.Pages < 1:
		return damaged()
	case f.Pages > maxPages:
		return registry.Refuse(registry.Invalid, "error.file.pages", "pages", f.Pages, "max", maxPages)
	}
	return nil
}

func limits() model.ResourceLimits {
	l := model.DefaultResourceLimits()
	l.MaxStreamBytes = MaxSize
	l.MaxDecodeBytes = 64 << 20
	l.MaxImagePixels = maxPixels
	l.MaxImageBytes = 256 << 20
	l.MaxObjectCount = min(l.MaxObjectCount, 200_000)
	l.MaxXRefEntries = min(l.MaxXRefEntries, 200_000)
	l.MaxRecursionDepth = min(l.MaxRecursionDepth, 200)
	return l
}

// wrapping refuses what surrounds or hides in the bytes themselves, whatever a
// parser makes of them: something after the end, a page of HTML, an archive,
// and names of active content in objects that the cross-reference table leaves
// out and a repairing reader would find.
func wrapping(b []byte) error {
	end := bytes.LastIndex(b, []byte("%%EOF"))
	if end < 0 {
		return damaged()
	}
	if len(bytes.Trim(b[end+5:], "\r\n\t\f \x00")) > 0 || isArchive(b) {
		return active()
	}
	lower := bytes.ToLower(b)
	for _, mark := range [...]string{"<html", "<script", "<!doctype html", "<iframe", "<?php"} {
		if bytes.Contains(lower, []byte(mark)) {
			return script()
		}
	}
	plain := unescapeNames(b)
	for _, name := range [...]string{"/JavaScript", "/Launch", "/ImportData", "/SubmitForm"} {
		if bytes.Contains(plain, []byte(name)) {
			return script()
		}
	}
	// Some programs write an empty name tree /EmbeddedFiles.
	plain = bytes.ReplaceAll(plain, []byte("/EmbeddedFiles"), nil)
	for _, name := range [...]string{"/EmbeddedFile", "/RichMedia", "/FileAttachment"} {
		if bytes.Contains(plain, []byte(name)) {
			return active()
		}
	}
	return nil
}

// unescapeNames undoes #xx, with which any letter of a name may be written
// (ISO 32000-1 §7.3.5).
func unescapeNames(b []byte) []byte {
	if !bytes.ContainsRune(b, '#') {
		return b
	}
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		if b[i] == '#' && i+2 < len(b) {
			hi, ok1 := hexDigit(b[i+1])
			lo, ok2 := hexDigit(b[i+2])
			if ok1 && ok2 {
				out = append(out, hi<<4|lo)
				i += 2
				continue
			}
		}
		out = append(out, b[i])
	}
	return out
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10, true
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}

func mentionsEncryption(b []byte) bool { return bytes.Contains(unescapeNames(b), []byte("/Encrypt")) }

// judge walks every object of the file, referenced or not.
func judge(ctx *model.Context) error {
	for _, entry := range ctx.Table {
		if entry == nil || entry.Free || entry.Object == nil {
			continue
		}
		if err := judgeObject(entry.Object, 0); err != nil {
			return err
		}
	}
	if open, ok := ctx.RootDict.Find("OpenAction"); ok {
		return judgeOpenAction(ctx, open)
	}
	return nil
}

// judgeOpenAction lets a file name the page it opens at and nothing else.
func judgeOpenAction(ctx *model.Context, o types.Object) error {
	o, err := ctx.Dereference(o)
	if err != nil {
		return damaged()
	}
	if d, ok := o.(types.Dict); ok {
		if kind := name(d, "S"); kind != "GoTo" {
			return script()
		}
	}
	return nil
}

func judgeObject(o types.Object, depth int) error {
	if depth > 100 {
		return damaged()
	}
	switch o := o.(type) {
	case types.Dict:
		return judgeDict(o, depth)
	case *types.StreamDict:
		return judgeDict(o.Dict, depth)
	case types.StreamDict:
		return judgeDict(o.Dict, depth)
	case *types.ObjectStreamDict:
		return judgeDict(o.Dict, depth)
	case *types.XRefStreamDict:
		return judgeDict(o.Dict, depth)
	case types.Array:
		for _, x := range o {
			if err := judgeObject(x, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

func name(d types.Dict, key string) string {
	if n, ok := d[key].(types.Name); ok {
		return string(unescapeNames([]byte(n)))
	}
	return ""
}

func judgeDict(d types.Dict, depth int) error {
	for key, value := range d {
		switch string(unescapeNames([]byte(key))) {
		case "JS", "JavaScript", "AA":
			return script()
		case "XFA", "EF", "RichMediaContent", "RichMediaSettings":
			return active()
		}
		if err := judgeObject(value, depth+1); err != nil {
			return err
		}
	}
	switch name(d, "S") {
	case "JavaScript", "Launch", "SubmitForm", "ImportData", "Rendition", "Movie", "Sound",
		"RichMediaExecute", "GoToE", "GoToR", "Trans", "GoTo3DView", "SetOCGState", "ResetForm", "Hide":
		if isAction(d) {
			return script()
		}
	}
	switch name(d, "Subtype") {
	case "RichMedia", "Movie", "Sound", "Screen", "3D", "FileAttachment":
		return active()
	}
	if name(d, "Type") == "EmbeddedFile" {
		return active()
	}
	return nil
}

// isAction tells an action from the other dictionaries that have an entry S:
// those of the structure tree, of transparency groups and of transitions.
func isAction(d types.Dict) bool {
	switch name(d, "Type") {
	case "", "Action":
	default:
		return false
	}
	_, parent := d["P"]
	return !parent
}
