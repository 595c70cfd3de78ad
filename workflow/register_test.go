package workflow_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/tamga-ca/tamga/ca"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/store/storetest"
	"github.com/tamga-ca/tamga/workflow"
)

// registered is what a reader of the register takes out of it.
type registered struct {
	AsOf         time.Time `json:"as_of"`
	Count        int       `json:"count"`
	Verified     bool      `json:"verified_against_annex"`
	Certificates []struct {
		Serial, Status string
		Reason         *int
		Certificate    []byte
	} `json:"certificates"`
}

// register makes one, has openssl verify it and the schema judge it.
func (r *responder) register(t *testing.T, who workflow.Actor, day registry.Date) (out registered) {
	t.Helper()
	reg, err := r.flow.MakeRegister(context.Background(), who, day)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = reg.Close() }()
	in, err := reg.Content()
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(in)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name string, b []byte) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	root, sig, good := write("root.pem", ca.PEM(r.issuer.Root)), write("sig", reg.Signature), write("register.json", content)
	verify := func(file string) error {
		out, err := exec.CommandContext(t.Context(), "openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", sig, "-content", file,
			"-CAfile", root, "-purpose", "any", "-out", filepath.Join(dir, "checked")).CombinedOutput()
		if err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
		return nil
	}
	if err := verify(good); err != nil {
		t.Errorf("openssl: %v", err)
	}
	content[len(content)/2] ^= 1
	if verify(write("altered.json", content)) == nil {
		t.Error("openssl believes an altered register")
	}
	content[len(content)/2] ^= 1
	schema, err := jsonschema.NewCompiler().Compile("../docs/register.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var whole any
	if err := json.Unmarshal(content, &whole); err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(whole); err != nil {
		t.Errorf("the schema: %v", err)
	}
	if err := json.Unmarshal(content, &out); err != nil {
		t.Fatal(err)
	}
	if out.Count != len(out.Certificates) || out.Count != reg.Count || out.Verified {
		t.Errorf("%d certificates, counted %d, verified %t", len(out.Certificates), out.Count, out.Verified)
	}
	return out
}

func (r registered) statuses() map[string]string {
	out := map[string]string{}
	for _, c := range r.Certificates {
		out[c.Serial] = c.Status
	}
	return out
}

func TestRegisterIsSignedAndCompleteForADate(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		r := newResponder(t, s)
		ctx := context.Background()
		a, b, c := r.issued(1), r.issued(2), r.issued(3)
		first := registry.DateOf(r.now(), r.pack.Zone())
		serial := func(n int) string {
			return string(ca.SerialOf([]*big.Int{a.SerialNumber, b.SerialNumber, c.SerialNumber}[n]))
		}
		r.advance(24 * time.Hour)
		r.restate(b, registry.CertSuspended, 6)
		r.advance(24 * time.Hour)
		r.restate(b, registry.CertRevoked, 1)
		r.restate(c, registry.CertRevoked, 4)
		for name, want := range map[string]struct {
			day      registry.Date
			statuses [3]string
		}{
			"now": {registry.Date{}, [3]string{"valid", "revoked", "revoked"}}, "today": {first.AddDays(2), [3]string{"valid", "revoked", "revoked"}},
			"yesterday": {first.AddDays(1), [3]string{"valid", "suspended", "valid"}}, "the first day": {first, [3]string{"valid", "valid", "valid"}},
		} {
			got := r.register(t, r.auditor.Actor, want.day).statuses()
			for n := range want.statuses {
				if got[serial(n)] != want.statuses[n] {
					t.Errorf("%s: certificate %d is %q, want %q", name, n, got[serial(n)], want.statuses[n])
				}
			}
		}
		if got := r.register(t, r.approver.Actor, first.AddDays(-1)); got.Count != 0 {
			t.Errorf("the day before: %d certificates", got.Count)
		}
		// More than are read at once, a colleague's certificate not among them.
		r.write(func(tx *store.Tx) error {
			for n := range 1003 {
				if _, err := tx.AddCertificate(registry.Certificate{
					Serial: registry.Serial(fmt.Sprintf("8b%030x", n)), Profile: registry.HolderProfile, OrganisationID: r.org, PersonalNumber: "20104197900013", HolderName: "Асанова Гүлнара",
					Role: registry.Head, Storage: registry.Rutoken, NotBefore: r.now(), NotAfter: r.now().AddDate(1, 0, 0), DER: []byte{0x30, 0},
					SHA256: fmt.Sprintf("%064x", n), PublicKeyHash: fmt.Sprintf("%064x", n), IssuedAt: r.now(),
				}); err != nil {
					return err
				}
			}
			return nil
		})
		if got := r.register(t, workflow.ByConsole("root"), registry.Date{}); got.Count != 1006 {
			t.Errorf("%d certificates", got.Count)
		}
		make := func(who workflow.Actor, day registry.Date) error {
			reg, err := r.flow.MakeRegister(ctx, who, day)
			if err == nil {
				_ = reg.Close()
			}
			return err
		}
		for name, who := range map[string]workflow.Actor{"clerk": r.clerk.Actor, "administrator": r.admin.Actor, "nobody": workflow.Anonymous(), "the program": workflow.BySystem()} {
			if err := make(who, registry.Date{}); registry.KindOf(err) != registry.Forbidden {
				t.Errorf("%s: %v", name, err)
			}
		}
		wantKind(t, make(r.auditor.Actor, first.AddDays(3)), registry.Invalid)
		r.read(func(tx *store.Tx) error {
			all, err := tx.Journal(store.JournalFilter{Kind: "register.exported", Limit: 100})
			if len(all) != 6 {
				t.Errorf("journalled %d times", len(all))
			}
			return err
		})
	})
}

func TestRegisterNeedsTheIssuingKey(t *testing.T) {
	o := newOffice(t, storetest.SQLite(t))
	_, err := o.flow.MakeRegister(context.Background(), o.auditor.Actor, registry.Date{})
	wantKind(t, err, registry.Unavailable)
}
