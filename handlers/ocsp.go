package handlers

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/workflow"
)

const (
	ocspPath = "/ocsp"
	// ocspLimit is the largest request in bytes.
	ocspLimit = 16 << 10
)

// relyingRoutes answer whoever relies on a certificate.
func (s *Server) relyingRoutes() []route {
	const get, post = http.MethodGet, http.MethodPost
	return []route{
		{Method: post, Path: ocspPath, Access: Machine(), Handle: s.ocsp, Limit: ocspLimit},
		{Method: get, Path: ocspPath, Access: Machine(), Handle: s.ocsp},
		{Method: get, Path: ocspPath + "/*", Access: Machine(), Handle: s.ocsp},
		{Method: get, Path: "/crl/issuing.crl", Access: Machine(), Handle: s.crl},
		{Method: get, Path: "/status", Access: Public(), Handle: s.status},
		{Method: post, Path: "/status", Access: Public(), Handle: s.statusAsk, Slow: true},
		{Method: get, Path: "/status/:serial", Access: Public(), Handle: s.statusOf, Slow: true},
	}
}

// answersFirst lets OCSP pass by everything that pages need: no session, no
// cookies, and no line in the log for each of thousands of requests a second,
// which are counted instead.
func (s *Server) answersFirst(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if path := c.Request().URL.Path; path == ocspPath || strings.HasPrefix(path, ocspPath+"/") {
			return s.ocsp(c)
		}
		return next(c)
	}
}

// ocsp answers RFC 6960 over HTTP: POST with the request as the body, GET with
// it in base64 as the rest of the path. The status is 200 whatever is said.
func (s *Server) ocsp(c echo.Context) error {
	r, w := c.Request(), c.Response().Writer
	defer func() {
		if broken := recover(); broken != nil {
			s.log.Error("an OCSP answer failed", "err", fmt.Sprint(broken), "stack", string(debug.Stack()))
			sendOCSP(w, r, workflow.OCSPBroken)
		}
	}()
	var request []byte
	switch r.Method {
	case http.MethodPost:
		var err error
		if request, err = io.ReadAll(io.LimitReader(r.Body, ocspLimit+1)); err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return nil
		}
	case http.MethodGet, http.MethodHead:
		request = ocspOfPath(r.URL.Path)
	default:
		w.Header()["Allow"] = []string{"GET, HEAD, POST"}
		w.WriteHeader(http.StatusMethodNotAllowed)
		return nil
	}
	sendOCSP(w, r, s.deps.Workflow.AnswerOCSP(r.Context(), request))
	return nil
}

// ocspOfPath decodes a request of GET. Base64 has slashes; some clients leave
// out the padding. What is no base64 is no request.
func ocspOfPath(path string) []byte {
	text := strings.TrimRight(strings.TrimPrefix(strings.TrimPrefix(path, ocspPath), "/"), "=")
	der, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil {
		return nil
	}
	return der
}

// Values of headers, made once: net/http does not change them.
var (
	ocspType = []string{"application/ocsp-response"}
	notKept  = []string{"no-store"}
	keptFor  = []string{fmt.Sprintf("public, max-age=%d, no-transform, must-revalidate", int(workflow.AnswerMaxAge.Seconds()))}
)

// sendOCSP writes an answer with the headers of RFC 5019 §6.2. Expires is the
// end of max-age, not nextUpdate: old caches too learn of a revocation within
// the minute.
func sendOCSP(w http.ResponseWriter, r *http.Request, a *workflow.OCSPAnswer) {
	h := w.Header()
	h["Content-Type"] = ocspType
	if a.ETag == "" {
		h["Cache-Control"] = notKept
	} else {
		h["Cache-Control"] = keptFor
		h["Etag"] = []string{a.ETag}
		h["Last-Modified"] = []string{a.LastModified}
		h["Expires"] = []string{time.Now().UTC().Add(workflow.AnswerMaxAge).Format(http.TimeFormat)}
		if r.Method != http.MethodPost && matches(r.Header.Get("If-None-Match"), a.ETag) {
			delete(h, "Content-Type")
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	h["Content-Length"] = []string{strconv.Itoa(len(a.DER))}
	_, _ = w.Write(a.DER)
}

// matches compares an If-None-Match with a strong ETag (RFC 9110 §13.1.2).
func matches(header, etag string) bool {
	if header == "" {
		return false
	}
	for one := range strings.SplitSeq(header, ",") {
		one = strings.TrimSpace(one)
		if one == "*" || strings.TrimPrefix(one, "W/") == etag {
			return true
		}
	}
	return false
}
