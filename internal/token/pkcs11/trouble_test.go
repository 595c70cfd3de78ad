package pkcs11_test

import (
	"errors"
	"fmt"
	"testing"

	raw "github.com/miekg/pkcs11"

	"github.com/tamga-ca/tamga/internal/token/pkcs11"
	"github.com/tamga-ca/tamga/internal/token/rutokentest"
)

func TestWrongPINSpendsOneTry(t *testing.T) {
	d, m := open(t, rutokentest.Token{PIN: pin, Tries: 3})
	k := d.Tokens[0]
	for i, want := range []struct {
		code  pkcs11.Code
		state pkcs11.PINState
		left  int
	}{{pkcs11.PINIncorrect, pkcs11.PINLow, 2}, {pkcs11.PINIncorrect, pkcs11.PINFinal, 1}, {pkcs11.PINLocked, pkcs11.PINGone, 0}, {pkcs11.PINLocked, pkcs11.PINGone, 0}} {
		_, err := m.Login(k.Serial, "999999")
		wants(t, err, want.code)
		var e *pkcs11.Error
		if !errors.As(err, &e) {
			t.Fatal(err)
		}
		if k.TriesLeft() != want.left || e.PIN == nil || e.PIN.State != want.state || e.Serial != k.Serial {
			t.Errorf("try %d: %d left, %+v", i, k.TriesLeft(), e)
		}
		if r := e.PIN.Retries; want.left < 2 && (r == nil || *r != want.left) || want.left >= 2 && r != nil {
			t.Errorf("try %d: retries %v", i, r)
		}
	}
	_, err := m.Login(k.Serial, pin)
	wants(t, err, pkcs11.PINLocked)
}

// What could only fail costs no try.
func TestPINOfWrongLengthSpendsNone(t *testing.T) {
	d, m := open(t, rutokentest.Token{PIN: pin})
	for _, p := range []string{"", "12345", fmt.Sprintf("%033d", 7)} {
		_, err := m.Login(d.Tokens[0].Serial, p)
		wants(t, err, pkcs11.PINLengthInvalid)
	}
	if n := d.Tokens[0].TriesLeft(); n != 10 {
		t.Errorf("%d tries left", n)
	}
}

// A login that is open, ours or not, must not make a wrong PIN-code right.
func TestWrongPINWhileSomebodyIsLoggedIn(t *testing.T) {
	d, m := open(t, rutokentest.Token{PIN: pin})
	k := d.Tokens[0]
	must(m.Login(k.Serial, pin))(t)
	_, err := m.Login(k.Serial, "999999")
	wants(t, err, pkcs11.PINIncorrect)
	_, err = m.Orphans(k.Serial)
	wants(t, err, pkcs11.NotLoggedIn)

	other := raw.New(d.Library) // the same library in the same process
	slots := must(other.GetSlotList(true))(t)
	h := must(other.OpenSession(slots[0], raw.CKF_SERIAL_SESSION))(t)
	if err := other.Login(h, raw.CKU_USER, pin); err != nil {
		t.Fatal(err)
	}
	_, err = m.Login(k.Serial, "999999")
	wants(t, err, pkcs11.PINIncorrect)
	if n := k.TriesLeft(); n != 9 { // the right one in between gave all ten back
		t.Errorf("%d tries left", n)
	}
	if err := other.Login(h, raw.CKU_USER, pin); err != nil {
		t.Fatal(err)
	}
	must(m.Login(k.Serial, pin))(t)
}

func TestChangePIN(t *testing.T) {
	d, m := open(t, rutokentest.Token{})
	k := d.Tokens[0]
	if factory := must(m.Login(k.Serial, rutokentest.FactoryPIN))(t); !factory {
		t.Error("the factory's PIN-code was not seen")
	}
	for _, c := range []struct {
		old, new string
		code     pkcs11.Code
	}{
		{"999999", pin, pkcs11.PINIncorrect},
		{rutokentest.FactoryPIN, "12345", pkcs11.PINLengthInvalid},
		{rutokentest.FactoryPIN, rutokentest.FactoryPIN, pkcs11.PINInvalid},
		{rutokentest.FactoryPIN, rutokentest.FactoryAdminPIN, pkcs11.PINInvalid},
	} {
		wants(t, m.ChangePIN(k.Serial, c.old, c.new), c.code)
	}
	if n := k.TriesLeft(); n != 9 {
		t.Errorf("%d tries left", n)
	}
	if err := m.ChangePIN(k.Serial, rutokentest.FactoryPIN, pin); err != nil {
		t.Fatal(err)
	}
	_, err := m.Orphans(k.Serial)
	wants(t, err, pkcs11.NotLoggedIn)
	if factory := must(m.Login(k.Serial, pin))(t); factory {
		t.Error("still the factory's")
	}
	if devices := must(m.Devices())(t); devices[0].PIN.Factory {
		t.Error("the flag is still up")
	}
}

// The clerk's token and the client's are never mixed up, whatever slots they are
// in.
func TestTwoTokens(t *testing.T) {
	d, m := open(t, rutokentest.Token{PIN: pin, Label: "clerk"}, rutokentest.Token{PIN: "975310", Label: "client"})
	clerk, client := d.Tokens[0], d.Tokens[1]
	a := rutokentest.NewAuthority(t)
	first := must(enrol(t, m, clerk.Serial, pin, pkcs11.RSA2048, a))(t)
	must(m.Login(client.Serial, "975310"))(t)
	clerk.Unplug()
	client.Unplug()
	client.Plug()
	clerk.Plug()
	_, err := sign(m, clerk.Serial, first.ID, []byte("x"))
	wants(t, err, pkcs11.NotLoggedIn)
	second := must(enrol(t, m, client.Serial, "975310", pkcs11.RSA2048, a))(t)
	_, err = m.Login(client.Serial, pin)
	wants(t, err, pkcs11.PINIncorrect)
	_, err = sign(m, clerk.Serial, first.ID, []byte("x"))
	wants(t, err, pkcs11.NotLoggedIn)
	for serial, want := range map[string]string{clerk.Serial: first.ID, client.Serial: second.ID} {
		listed := must(m.Certificates(serial))(t)
		if len(listed) != 1 || listed[0].ID != want {
			t.Errorf("%s: %+v", serial, listed)
		}
	}
	must(m.Login(clerk.Serial, pin))(t)
	_, err = m.ImportCertificate(clerk.Serial, second.DER, "")
	wants(t, err, pkcs11.KeyNotFound)
	_, err = sign(m, clerk.Serial, second.ID, []byte("x"))
	wants(t, err, pkcs11.CertificateNotFound)
}

func TestFullToken(t *testing.T) {
	d, m := open(t, rutokentest.Token{PIN: pin, Memory: 1000})
	k, a := d.Tokens[0], rutokentest.NewAuthority(t)
	_, err := enrol(t, m, k.Serial, pin, pkcs11.RSA2048, a)
	wants(t, err, pkcs11.NotEnoughMemory)
	if o := must(m.Orphans(k.Serial))(t); len(o.Keys) != 0 {
		t.Errorf("orphans %+v", o)
	}
	k.SetFreeMemory(2200) // the pair fits, the certificate does not
	_, err = enrol(t, m, k.Serial, pin, pkcs11.RSA2048, a)
	wants(t, err, pkcs11.NotEnoughMemory)
	o := must(m.Orphans(k.Serial))(t)
	if len(o.Keys) != 1 {
		t.Fatalf("orphans %+v", o)
	}
	must(m.DeleteKey(k.Serial, o.Keys[0].ID))(t)
	if n := k.FreeMemory(); n != 2200 {
		t.Errorf("%d bytes free", n)
	}
}

func TestUnsupported(t *testing.T) {
	d, m := open(t, rutokentest.Token{PIN: pin})
	serial := d.Tokens[0].Serial
	must(m.Login(serial, pin))(t)
	for _, a := range []pkcs11.Algorithm{pkcs11.P256, pkcs11.GOST2012, "RSA-1024", ""} {
		_, err := m.GenerateKey(serial, a, "")
		wants(t, err, pkcs11.Unsupported)
	}
	_, err := m.Request(serial, "00", nil)
	wants(t, err, pkcs11.KeyNotFound)
	_, err = m.Request(serial, "zz", nil)
	wants(t, err, pkcs11.BadParams)
	_, err = m.DeleteKey(serial, "00")
	wants(t, err, pkcs11.KeyNotFound)
	wants(t, m.DeleteCertificate(serial, "00"), pkcs11.CertificateNotFound)
	_, err = m.ImportCertificate(serial, []byte("no"), "")
	wants(t, err, pkcs11.BadParams)
	_, err = m.Login("ffffffff", pin)
	wants(t, err, pkcs11.DeviceNotFound)
	_, err = m.Certificates("ffffffff")
	wants(t, err, pkcs11.DeviceNotFound)
}

// Pulled out at every single call of an enrolment, just before the call and just
// after it (its work done, the answer lost): the failure is told as a removal, and
// when the token is back, what was left is named and can be removed, or the
// enrolment is taken up where it was.
func TestRemovalAtEveryCallOfEnrolment(t *testing.T) {
	d, m := open(t, rutokentest.Token{PIN: pin, Release: "3.0"})
	k, a := d.Tokens[0], rutokentest.NewAuthority(t)
	free := k.FreeMemory()
	for _, when := range []struct {
		name  string
		fault func(int, *rutokentest.Plugged)
	}{{"before", d.UnplugAt}, {"after", d.UnplugAfter}} {
		for n := 1; ; n++ {
			when.fault(n, k)
			cert, err := enrol(t, m, k.Serial, pin, pkcs11.P256, a)
			happened := !d.Pending()
			d.Calm()
			if happened && err == nil && k.In() {
				t.Fatalf("%s call %d: nothing happened", when.name, n)
			}
			if happened && err != nil {
				wants(t, err, pkcs11.DeviceNotFound)
			}
			if !k.In() {
				if _, err := m.Orphans(k.Serial); err == nil {
					t.Fatalf("%s call %d: still logged in to a token that is gone", when.name, n)
				}
				k.Plug()
			}
			if n := k.TriesLeft(); n != 10 {
				t.Fatalf("%d tries left", n)
			}
			clean(t, m, k, cert, err == nil)
			if now := k.FreeMemory(); now != free {
				t.Fatalf("%s call %d: %d bytes free, %d before", when.name, n, now, free)
			}
			if !happened {
				t.Logf("%s: %d calls", when.name, n-1)
				if n < 40 {
					t.Errorf("an enrolment made only %d calls", n-1)
				}
				break
			}
		}
	}
}

// clean removes what is on the token as a page would: by what it can list. whole
// says that a certificate with its key must be there.
func clean(t *testing.T, m *pkcs11.Module, k *rutokentest.Plugged, cert pkcs11.Certificate, whole bool) {
	t.Helper()
	must(m.Login(k.Serial, pin))(t)
	for _, c := range must(m.Certificates(k.Serial))(t) {
		if !c.HasKey {
			t.Errorf("a certificate without its key: %+v", c)
		}
		if whole && c.ID != cert.ID {
			t.Errorf("another certificate: %s", c.ID)
		}
		whole = false
		if _, err := sign(m, k.Serial, c.ID, []byte("taken up again")); err != nil {
			t.Error(err)
		}
		if err := m.DeleteCertificate(k.Serial, c.ID); err != nil {
			t.Error(err)
		}
	}
	if whole {
		t.Error("the certificate is not there")
	}
	o := must(m.Orphans(k.Serial))(t)
	for _, key := range o.Keys {
		must(m.DeleteKey(k.Serial, key.ID))(t)
	}
	if len(o.Keys) > 1 || len(o.Certificates) != 0 {
		t.Errorf("orphans %+v", o)
	}
	m.Logout(k.Serial)
}

// The same for a login and a signature: a PIN-code is never tried by itself.
func TestRemovalAtEveryCallOfLogin(t *testing.T) {
	d, m := open(t, rutokentest.Token{PIN: pin, Release: "3.0"})
	k, a := d.Tokens[0], rutokentest.NewAuthority(t)
	cert := must(enrol(t, m, k.Serial, pin, pkcs11.P256, a))(t)
	m.Logout(k.Serial)
	login := func() error {
		if _, err := m.Certificates(k.Serial); err != nil {
			return err
		}
		if _, err := m.Login(k.Serial, pin); err != nil {
			return err
		}
		_, err := sign(m, k.Serial, cert.ID, []byte("challenge"))
		return err
	}
	for _, fault := range []func(int, *rutokentest.Plugged){d.UnplugAt, d.UnplugAfter} {
		for n := 1; ; n++ {
			fault(n, k)
			err := login()
			happened := !d.Pending()
			d.Calm()
			if !happened {
				if err != nil {
					t.Fatal(err)
				}
				break
			}
			if err != nil {
				wants(t, err, pkcs11.DeviceNotFound)
			}
			if !k.In() {
				k.Plug()
			}
			if _, err := sign(m, k.Serial, cert.ID, []byte("x")); err == nil {
				t.Fatalf("call %d: the login outlived its token", n)
			}
			if err := login(); err != nil {
				t.Fatalf("call %d: again: %v", n, err)
			}
			m.Logout(k.Serial)
		}
	}
}

// Out and in again between two calls: nobody notices but the login.
func TestReplug(t *testing.T) {
	d, m := open(t, rutokentest.Token{PIN: pin, Release: "3.0"})
	k := d.Tokens[0]
	must(m.Login(k.Serial, pin))(t)
	k.Unplug()
	if devices := must(m.Devices())(t); len(devices) != 0 {
		t.Error(devices)
	}
	k.Plug()
	_, err := m.GenerateKey(k.Serial, pkcs11.P256, "")
	wants(t, err, pkcs11.NotLoggedIn)
	must(m.Login(k.Serial, pin))(t)
	must(m.GenerateKey(k.Serial, pkcs11.P256, ""))(t)
}

// An error that no table knows is a DEVICE_ERROR, and the next call works.
func TestUnknownError(t *testing.T) {
	d, m := open(t, rutokentest.Token{PIN: pin, Release: "3.0"})
	serial := d.Tokens[0].Serial
	must(m.Login(serial, pin))(t)
	calls := d.Calls()
	must(m.GenerateKey(serial, pkcs11.P256, ""))(t)
	calls = d.Calls() - calls
	for n := 1; n <= calls; n++ {
		d.FailAt(n, raw.CKR_GENERAL_ERROR)
		_, err := m.GenerateKey(serial, pkcs11.P256, "")
		d.Calm()
		if err != nil {
			var e *pkcs11.Error
			if !errors.As(err, &e) || e.Code != pkcs11.DeviceError && e.Code != pkcs11.DeviceNotFound {
				t.Errorf("call %d: %v", n, err)
			}
		}
		if _, err := m.Orphans(serial); err != nil { // it looked as if the token were gone
			wants(t, err, pkcs11.NotLoggedIn)
			must(m.Login(serial, pin))(t)
		}
	}
}
