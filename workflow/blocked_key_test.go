package workflow_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"strings"
	"testing"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/store/storetest"
	"github.com/tamga-ca/tamga/workflow"
)

func publicKey(t testing.TB, public any) (der []byte, hash string) {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(der)
	return der, hex.EncodeToString(sum[:])
}

func pemText(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func TestKeysAsPeopleHaveThem(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, want := publicKey(t, key.Public())
	csr, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key)
	if err != nil {
		t.Fatal(err)
	}
	colons := strings.ToUpper(strings.Trim(strings.Join(strings.SplitAfter(want, ""), ":"), ":"))
	for name, typed := range map[string]string{
		"hash": want, "colons": " " + colons + "\n", "key": pemText("PUBLIC KEY", der), "request": "\n" + pemText("CERTIFICATE REQUEST", csr),
	} {
		if got, err := workflow.KeyHash(typed); err != nil || got != want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, typed := range map[string]string{
		"nothing": "", "short": want[2:], "no hex": "z" + want[1:], "noise": pemText("PUBLIC KEY", []byte("noise")), "a broken block": "-----BEGIN PUBLIC KEY-----",
		"a private key": pemText("PRIVATE KEY", private), "much": strings.Repeat("00", 20_000),
	} {
		if got, err := workflow.KeyHash(typed); registry.KindOf(err) != registry.Invalid {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func FuzzKeyHash(f *testing.F) {
	f.Add(strings.Repeat("ab:", 31) + "ab")
	f.Add("-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----\n")
	f.Fuzz(func(t *testing.T, typed string) {
		if got, err := workflow.KeyHash(typed); err == nil && len(got) != 64 || err != nil && registry.KindOf(err) != registry.Invalid {
			t.Errorf("%q, %v", got, err)
		}
	})
}

// A key that is on no certificate is put on the list by an approver, once, and
// is not certified: the token makes another one.
func TestABlockedKeyIsNeverCertified(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newTokenOffice(t, s)
		_, es := o.approved(1)
		stick := newStick("0912345678")
		if _, err := o.flow.CheckTokenDevice(o.ctx, o.clerk.Actor, es[0].ID, stick.Token, nil); err != nil {
			t.Fatal(err)
		}
		k, err := o.flow.BeginTokenKey(o.ctx, o.clerk.Actor, es[0].ID, stick.Serial, "")
		if err != nil {
			t.Fatal(err)
		}
		request := stick.request(t, k.Marker, k.Algorithm)
		_, hash := publicKey(t, stick.keys[k.Marker].Public())
		block := func(who *colleague, key, note string) error {
			return errOf(o.flow.BlockKey(o.ctx, who.Actor, key, note))
		}
		for _, who := range []*colleague{o.clerk, o.auditor, o.admin} {
			wantKind(t, block(who, hash, "Интернетте табылды"), registry.Forbidden)
		}
		wantKey(t, block(o.approver, hash, " "), "error.reason.required")
		wantKey(t, block(o.approver, "12", "x"), "error.key.typed")
		if n := winners(4, func(int) error {
			return block(o.approver, pemText("CERTIFICATE REQUEST", request), "Интернетте табылды")
		}); n != 1 {
			t.Errorf("blocked %d times", n)
		}
		wantKey(t, block(o.approver2, hash, "x"), "error.key.blocked_already")
		wantKey(t, o.flow.AcceptTokenRequest(o.ctx, o.clerk.Actor, es[0].ID, k.Marker, "ab:cd", request), "error.key.blocked")
		o.read(func(tx *store.Tx) error {
			all, err := tx.BlockedKeys("", 10)
			if len(all) != 1 || all[0].KeyHash != hash || all[0].Note == "" || all[0].BlockedBy != o.approver.Operator.ID {
				t.Errorf("the list: %+v", all)
			}
			none, err2 := tx.BlockedKeys(strings.Repeat("0", 64), 10)
			if len(none) != 0 || err2 != nil {
				t.Errorf("%+v %v", none, err2)
			}
			return err
		})

		// Blocked after the request was taken, before the CA is asked.
		o.onToken(es[1].ID, newStick("0912345679"), workflow.TokenIssue)
		if err := block(o.approver, o.desk(es[1].ID).Key.PublicKeyHash, "Токендин үлгүсү начар"); err != nil {
			t.Fatal(err)
		}
		o.work()
		if got := o.enrolment(es[1].ID); got.Status != registry.Failed || got.Failure != "error.key.blocked" {
			t.Errorf("a blocked key: %s, %q", got.Status, got.Failure)
		}

		// What a certificate in force carries goes with it, not without.
		c := o.onFile(2, 1)
		wantKey(t, block(o.approver, c.PublicKeyHash, "x"), "error.key.in_force")
		o.advance(c.NotAfter.Sub(o.now()) + time.Minute)
		if err := block(o.approver, c.PublicKeyHash, "Мөөнөтүнөн кийин табылды"); err != nil {
			t.Error(err)
		}
	})
}
