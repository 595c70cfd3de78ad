package token

import (
	"crypto"
	"crypto/x509"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// pkitsSections are the parts of NIST's path validation tests that are about
// what a login's chain is judged by. The others are about what decides nothing
// here: 4.4, 4.14 and 4.15 about CRLs (our register says what is revoked), 4.8
// to 4.12 about policies on the way (the certificate itself must carry our OID).
var pkitsSections = []string{"4.1.", "4.2.", "4.3.", "4.5.", "4.6.", "4.7.", "4.13.", "4.16."}

// pkitsStricter are valid paths that we refuse, and why it does no harm: our CA
// makes none of these.
var pkitsStricter = map[string]string{
	"4.1.4 ": "DSA", "4.1.5 ": "DSA",
	"4.3.3 ": "names are compared to the byte", "4.3.4 ": "names are compared to the byte", "4.3.5 ": "names are compared to the byte",
	"4.3.10 ": "names are compared to the byte", "4.3.11 ": "names are compared to the byte",
	"4.6.8 ": "the last certificate is a CA's", "4.6.14 ": "the last certificate is a CA's",
	"4.6.15 ": "a self-issued CA counts for the path's length", "4.6.17 ": "a self-issued CA counts for the path's length",
	"4.13.1 ": "constraints on directory names", "4.13.4 ": "constraints on directory names", "4.13.5 ": "constraints on directory names",
	"4.13.6 ": "constraints on directory names", "4.13.11 ": "constraints on directory names", "4.13.14 ": "constraints on directory names",
	"4.13.18 ": "constraints on directory names", "4.13.19 ": "constraints on directory names", "4.13.27 ": "constraints on directory names",
	"4.13.25 ": "an excluded host excludes what is below it", "4.13.36 ": "an excluded host excludes what is below it",
}

// pkitsElsewhere are invalid for something that this path does not judge.
var pkitsElsewhere = map[string]string{
	"4.5.2 ": "revoked, by its CRL", "4.5.5 ": "revoked, by its CRL", "4.5.7 ": "the key of its CRL",
	"4.7.4 ": "the CRL's key", "4.7.5 ": "the CRL's key",
	"4.13.24 ": "a permitted e-mail host permits what is below it; nobody logs in by an e-mail address",
}

// TestPKITS judges the vectors in Go's own tree: what they call invalid is
// refused, what they call valid accepted, but for what is listed above.
func TestPKITS(t *testing.T) {
	dir := pkits(t)
	var vectors []struct {
		Name           string
		CertPath       []string
		ShouldValidate bool
	}
	b, err := os.ReadFile(filepath.Join(dir, "vectors.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &vectors); err != nil {
		t.Fatal(err)
	}
	good, bad, other := 0, 0, 0
	for _, v := range vectors {
		if !slices.ContainsFunc(pkitsSections, func(s string) bool { return strings.HasPrefix(v.Name, s) }) {
			continue
		}
		accepted := pkitsPath(t, dir, v.CertPath)
		want := v.ShouldValidate
		why := listed(pkitsStricter, v.Name) + listed(pkitsElsewhere, v.Name)
		if why != "" {
			want = !want
		}
		switch {
		case accepted != want:
			t.Errorf("%s: accepted %v, want %v %s", v.Name, accepted, want, why)
		case why != "":
			other++
		case accepted:
			good++
		default:
			bad++
		}
	}
	if good < 20 || bad < 40 || other != len(pkitsStricter)+len(pkitsElsewhere) {
		t.Errorf("judged only %d good and %d bad paths, and %d of those listed", good, bad, other)
	}
	t.Logf("%d accepted, %d refused, %d otherwise for a reason", good, bad, other)
}

func listed(reasons map[string]string, name string) string {
	for listed, why := range reasons {
		if strings.HasPrefix(name, listed) {
			return why
		}
	}
	return ""
}

// pkits is the folder of the vectors.
func pkits(t *testing.T) string {
	t.Helper()
	root, err := exec.CommandContext(t.Context(), "go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(strings.TrimSpace(string(root)), "src", "crypto", "x509", "testdata", "nist-pkits")
}

// pkitsPath says whether a path is one by which a login would be judged good:
// its first certificate is the root, the last the holder's, all between are
// issuing CAs of ours.
func pkitsPath(t *testing.T, dir string, files []string) bool {
	t.Helper()
	var path []*x509.Certificate
	for _, f := range files {
		der, err := os.ReadFile(filepath.Join(dir, "certs", f))
		if err != nil {
			t.Fatal(err)
		}
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return false
		}
		path = append(path, c)
	}
	last := len(path) - 1
	issuers := path[1:last]
	if len(issuers) == 0 {
		issuers = path[:1]
	}
	v, err := NewVerifier(path[:1], issuers, x509.OID{}, x509.OID{})
	if err != nil {
		return false
	}
	at := time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC)
	return v.checkChain(path[last], sum(crypto.SHA256, path[last].Raw), at) == nil
}
