package ecloud_test

import (
	"errors"
	"testing"
	"time"

	"github.com/tamga-ca/tamga/internal/ecloud"
)

var t0 = time.Date(2026, 3, 5, 9, 0, 0, 0, time.UTC)

// hashes returns what is stored of a code, and what another one gives.
func hashes(t *testing.T, k ecloud.CodeKind) (stored ecloud.CodeHash, right, wrong []ecloud.CodeHash) {
	t.Helper()
	v := vault(t, keys(t, "ecloud.2", "ecloud.1"), ecloud.Options{})
	c := ecloud.NewCode(k)
	stored, err := v.HashCode(t.Context(), k, c)
	if err != nil {
		t.Fatal(err)
	}
	if right, err = v.HashesOfCode(t.Context(), k, c); err != nil {
		t.Fatal(err)
	}
	if wrong, err = v.HashesOfCode(t.Context(), k, ecloud.NewCode(k)); err != nil {
		t.Fatal(err)
	}
	return stored, right, wrong
}

func TestActivationOnce(t *testing.T) {
	mail, right, wrong := hashes(t, ecloud.MailCode)
	a := ecloud.Activation{Mail: mail, ExpiresAt: t0.Add(ecloud.ActivationLife)}
	a = try(t, a, t0)
	if _, err := a.Accept(wrong, t0); !errors.Is(err, ecloud.ErrCode) {
		t.Errorf("wrong half: %v", err)
	}
	a = try(t, a, t0)
	used, err := a.Accept(right, t0.Add(time.Minute))
	if err != nil || !used.UsedAt.Equal(t0.Add(time.Minute)) || used.WrongTries != 1 {
		t.Fatalf("%+v %v", used, err)
	}
	if _, err := used.Try(t0); !errors.Is(err, ecloud.ErrCode) {
		t.Errorf("second use: %v", err)
	}
	if _, err := used.Accept(right, t0); !errors.Is(err, ecloud.ErrCode) {
		t.Errorf("second use: %v", err)
	}
}

func TestActivationRefuses(t *testing.T) {
	mail, right, _ := hashes(t, ecloud.MailCode)
	good := ecloud.Activation{Mail: mail, ExpiresAt: t0.Add(ecloud.ActivationLife)}
	for name, c := range map[string]struct {
		change func(*ecloud.Activation)
		at     time.Time
		want   error
	}{
		"cancelled":           {func(a *ecloud.Activation) { a.Cancelled = true }, t0, ecloud.ErrCode},
		"after 72 hours":      {func(*ecloud.Activation) {}, t0.Add(72 * time.Hour), ecloud.ErrCodeExpired},
		"burnt":               {func(a *ecloud.Activation) { a.WrongTries = 5 }, t0, ecloud.ErrCodeBurnt},
		"address unconfirmed": {func(a *ecloud.Activation) { a.Mail = ecloud.CodeHash{} }, t0, ecloud.ErrAddress},
	} {
		a := good
		c.change(&a)
		if _, err := a.Try(c.at); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := good.Accept(right, t0); !errors.Is(err, ecloud.ErrCode) {
		t.Errorf("accepted without a counted try: %v", err)
	}
	if _, err := good.Try(t0.Add(72*time.Hour - time.Microsecond)); err != nil {
		t.Errorf("the last moment: %v", err)
	}
}

func TestActivationIsBurntByFiveWrongHalves(t *testing.T) {
	mail, right, wrong := hashes(t, ecloud.MailCode)
	a := ecloud.Activation{Mail: mail, ExpiresAt: t0.Add(ecloud.ActivationLife)}
	for range ecloud.ActivationTries {
		a = try(t, a, t0)
		if _, err := a.Accept(wrong, t0); !errors.Is(err, ecloud.ErrCode) {
			t.Fatal(err)
		}
	}
	if _, err := a.Try(t0); !errors.Is(err, ecloud.ErrCodeBurnt) {
		t.Errorf("a sixth try: %v", err)
	}
	a.WrongTries = 4
	a = try(t, a, t0)
	if _, err := a.Accept(right, t0); err != nil {
		t.Errorf("the fifth try, right: %v", err)
	}
}

func TestUnlock(t *testing.T) {
	code, right, wrong := hashes(t, ecloud.UnlockCode)
	u := ecloud.Unlock{Code: code, ExpiresAt: t0.Add(ecloud.UnlockLife)}
	if !u.Live(t0) || u.Live(u.ExpiresAt) {
		t.Error("life")
	}
	if _, err := u.Accept(wrong, t0); !errors.Is(err, ecloud.ErrCode) {
		t.Error(err)
	}
	if _, err := u.Accept(nil, t0); !errors.Is(err, ecloud.ErrCode) {
		t.Error(err)
	}
	if _, err := u.Accept(right, u.ExpiresAt); !errors.Is(err, ecloud.ErrCodeExpired) {
		t.Error(err)
	}
	used, err := u.Accept(right, t0)
	if err != nil || used.Live(t0) {
		t.Errorf("%+v %v", used, err)
	}
	if _, err := used.Accept(right, t0); !errors.Is(err, ecloud.ErrCode) {
		t.Error(err)
	}
	if _, err := (ecloud.Unlock{ExpiresAt: u.ExpiresAt}).Accept([]ecloud.CodeHash{{}}, t0); !errors.Is(err, ecloud.ErrCode) {
		t.Errorf("nothing matched nothing: %v", err)
	}
}

func try(t *testing.T, a ecloud.Activation, now time.Time) ecloud.Activation {
	t.Helper()
	a, err := a.Try(now)
	if err != nil {
		t.Fatal(err)
	}
	return a
}
