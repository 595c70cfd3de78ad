//go:build e2e

package e2e

import (
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	zx509 "github.com/zmap/zcrypto/x509"
	"github.com/zmap/zlint/v3"
	"github.com/zmap/zlint/v3/lint"

	"github.com/tamga-ca/tamga/internal/registry"
)

// query reads rows of the installation's database with the role of those who
// only read.
func query[T any](t *testing.T, dsn, sql string, args ...any) []T {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	rows, err := conn.Query(t.Context(), sql, args...)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowTo[T])
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return out
}

func (j *job) count(sql string, args ...any) int64 {
	j.t.Helper()
	return query[int64](j.t, j.db.ReadOnly, sql, args...)[0]
}

// ends is the end of the holder's certificate.
func (j *job) ends(who signer) time.Time {
	j.t.Helper()
	return query[time.Time](j.t, j.db.ReadOnly, "SELECT not_after FROM certificates WHERE personal_number = $1", who.number)[0]
}

// price is what the pack asks for one certificate in the E-Cloud today.
func (j *job) price(role registry.SignatoryRole) registry.Tyiyn {
	today := registry.DateOf(time.Now(), j.pack.Zone())
	for _, list := range slices.Backward(j.pack.Prices) {
		if list.From.Compare(today) > 0 {
			continue
		}
		for _, p := range list.Prices {
			if p.Storage == registry.ECloud && slices.Contains(p.Roles, role) {
				return p.Amount
			}
		}
	}
	j.t.Fatalf("the pack has no price for %s", role)
	return 0
}

// notForSignatures are zlint's rules for other kinds of certificates, as ca
// leaves them out.
var notForSignatures = []string{"e_qcstatem_qctype_web", "e_qcstatem_mandatory_etsi_statems", "e_exactly_one_smime_policy"}

// certificates: one a holder and no more, though the server was killed and the
// CA was away; OpenSSL and zlint agree with them.
func (j *job) certificates() {
	ders := query[[]byte](j.t, j.db.ReadOnly, "SELECT der FROM certificates WHERE profile = 'holder' ORDER BY id")
	if len(ders) != 2 {
		j.t.Fatalf("%d certificates of two holders", len(ders))
	}
	if n := j.count("SELECT count(*) FROM intents WHERE profile = 'holder' AND status = 'done'"); n != 2 {
		j.t.Errorf("%d intents are done", n)
	}
	if n := j.count("SELECT count(*) FROM account_entries WHERE kind = 'charge'"); n != 1 {
		j.t.Errorf("charged %d times", n)
	}
	ours := j.count("SELECT count(*) FROM certificates") + j.count("SELECT count(*) FROM ocsp_signers WHERE der IS NOT NULL")
	if n := query[int64](j.t, j.step.Owner, "SELECT count(*) FROM x509_certs")[0]; n != ours {
		j.t.Errorf("step-ca made %d certificates, the installation has %d", n, ours)
	}
	rules, err := lint.GlobalRegistry().Filter(lint.FilterOptions{ExcludeNames: notForSignatures})
	if err != nil {
		j.t.Fatal(err)
	}
	for _, der := range ders {
		file := filepath.Join(j.t.TempDir(), "holder.pem")
		if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
			j.t.Fatal(err)
		}
		openssl(j.t, nil, "verify", "-x509_strict", "-CAfile", j.caFile("root.crt"), "-untrusted", j.caFile("issuing.crt"), file)
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			j.t.Fatal(err)
		}
		if got := cert.NotBefore.AddDate(1, 0, 0); !got.Equal(cert.NotAfter) {
			j.t.Errorf("a certificate from %s to %s", cert.NotBefore, cert.NotAfter)
		}
		z, err := zx509.ParseCertificate(der)
		if err != nil {
			j.t.Fatal(err)
		}
		for name, result := range zlint.LintCertificateEx(z, rules).Results {
			if result.Status >= lint.Error {
				j.t.Errorf("zlint: %s: %s", name, result.Details)
			}
		}
	}
}

func (j *job) caFile(name string) string { return filepath.Join(j.env["TAMGA_CA_DIR"], name) }

// signatures: the approver's decision and what each holder signed at the first
// login are CMS that OpenSSL verifies against the installation's own
// certificates.
func (j *job) signatures() {
	type kept struct{ Envelope, Signature []byte }
	var all []kept
	for _, sql := range []string{"SELECT envelope FROM decisions ORDER BY id", "SELECT envelope FROM handovers ORDER BY id"} {
		for _, e := range query[[]byte](j.t, j.db.ReadOnly, sql) {
			all = append(all, kept{Envelope: e})
		}
	}
	n := 0
	for _, sql := range []string{"SELECT signature FROM decisions ORDER BY id", "SELECT signature FROM handovers ORDER BY id"} {
		for _, s := range query[[]byte](j.t, j.db.ReadOnly, sql) {
			all[n].Signature = s
			n++
		}
	}
	if n < 3 {
		j.t.Fatalf("%d signatures are kept", n)
	}
	for i, k := range all {
		j.verifyCMS(k.Envelope, k.Signature)
		if i == 0 {
			altered := slices.Clone(k.Signature)
			altered[len(altered)-1] ^= 1
			file := filepath.Join(j.t.TempDir(), "altered.p7")
			if err := os.WriteFile(file, altered, 0o600); err != nil {
				j.t.Fatal(err)
			}
			if out, err := tryOpenssl(j.t, nil, j.cmsVerify(file, filepath.Join(j.t.TempDir(), "content"))...); err == nil {
				j.t.Errorf("an altered signature is accepted: %s", out)
			}
		}
	}
}

// cmsVerify are the arguments that verify a signature. The issuing certificate
// is given beside the root, since a signature holds its signer's only.
func (j *job) cmsVerify(signature, content string) []string {
	var chain []byte
	for _, name := range []string{"root.crt", "issuing.crt"} {
		b, err := os.ReadFile(j.caFile(name))
		if err != nil {
			j.t.Fatal(err)
		}
		chain = append(chain, b...)
	}
	file := filepath.Join(j.t.TempDir(), "chain.pem")
	if err := os.WriteFile(file, chain, 0o600); err != nil {
		j.t.Fatal(err)
	}
	return []string{"cms", "-verify", "-binary", "-inform", "DER", "-in", signature, "-CAfile", file, "-purpose", "any", "-out", content}
}

func (j *job) verifyCMS(envelope, cms []byte) {
	j.t.Helper()
	dir := j.t.TempDir()
	file, out := filepath.Join(dir, "signature.p7"), filepath.Join(dir, "content")
	if err := os.WriteFile(file, cms, 0o600); err != nil {
		j.t.Fatal(err)
	}
	openssl(j.t, nil, j.cmsVerify(file, out)...)
	signed, err := os.ReadFile(out)
	if err != nil {
		j.t.Fatal(err)
	}
	if string(signed) != string(envelope) {
		j.t.Errorf("what was signed is not what is kept:\n%s\n%s", signed, envelope)
	}
}
