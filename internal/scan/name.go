package scan

import (
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// maxName is the greatest length of a kept file name in characters.
const maxName = 120

// Extension is what the name of a file of a media type ends with: ".pdf". It is
// empty for one that Inspect lets nobody hand in.
func Extension(mediaType string) string {
	return map[string]string{mediaPDF: ".pdf", mediaJPEG: ".jpg", mediaPNG: ".png"}[mediaType]
}

// CleanName makes a name for display and download out of the one that the
// uploader's machine sent: no folders, no control or direction characters,
// nothing that a file system or an HTTP header gives a meaning to, NFC, at most
// 120 characters, and the extension of the content's media type.
func CleanName(name, mediaType string) string {
	name = strings.ToValidUTF8(name, "")
	name = path.Base(strings.ReplaceAll(name, `\`, "/"))
	name = norm.NFC.String(name)
	name = strings.Map(func(r rune) rune {
		switch {
		case r == utf8.RuneError, unicode.IsControl(r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Co, r):
			return -1
		case unicode.IsSpace(r):
			return ' '
		case strings.ContainsRune(`/:*?"<>|;%`, r):
			return '_'
		}
		return r
	}, name)
	stem := strings.TrimSuffix(name, path.Ext(name))
	if ext := path.Ext(name); stem == "" || len([]rune(ext)) > 5 {
		stem = name
	}
	stem = strings.Trim(strings.Join(strings.Fields(stem), " "), ". ")
	ext := Extension(mediaType)
	if room := maxName - len(ext); len([]rune(stem)) > room {
		stem = strings.TrimRight(string([]rune(stem)[:room]), ". ")
	}
	if stem == "" || stem == "_" {
		stem = "scan"
	}
	return stem + ext
}
