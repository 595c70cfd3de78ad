package ecloud

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"time"
)

// BrowserLife is how long a browser stays known after its last login.
const BrowserLife = 400 * 24 * time.Hour

const browserTokenSize = 32

// NewBrowserToken makes the cookie value that makes a browser known to one
// holder: 32 random bytes in base64url.
func NewBrowserToken() string {
	b := make([]byte, browserTokenSize)
	rand.Read(b)
	return base64.RawURLEncoding.EncodeToString(b)
}

// BrowserTokenHash is what is stored of it. ok is false for a cookie that is
// not such a token: then the browser is unknown.
func BrowserTokenHash(cookie string) (hash []byte, ok bool) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(cookie)
	if err != nil || len(b) != browserTokenSize || len(cookie) != base64.RawURLEncoding.EncodedLen(browserTokenSize) {
		return nil, false
	}
	h := sha256.Sum256(append([]byte("tamga/ecloud/browser/1\x00"), b...))
	return h[:], true
}
